"""The register of the simulated Onspring's switches."""

from service.dev.simulators.faults import DeliveryFaults
from service.dev.simulators.onspring.settings import OnspringSettings
from service.dev.simulators.switches import Register

ONSPRING_SWITCHES = Register({"": OnspringSettings, "deliveries": DeliveryFaults})
