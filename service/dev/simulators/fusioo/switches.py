"""The register of the simulated Fusioo's switches."""

from collections.abc import Mapping

from service.dev.simulators.faults import DeliveryFaults, ReadFaults
from service.dev.simulators.fusioo.oauth_settings import OAuthSettings
from service.dev.simulators.fusioo.settings import FusiooSettings
from service.dev.simulators.switches import Register

SECTIONS: Mapping[str, type] = {
    "": FusiooSettings,
    "oauth": OAuthSettings,
    "deliveries": DeliveryFaults,
    "reads": ReadFaults,
}
"""Where switches stand."""
FUSIOO_SWITCHES = Register(SECTIONS)
