"""Everything that one simulated instance is: keys, apps, fields, lists, records, files, outcomes, calls."""

import random
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from service.dev.simulators.chances import Chances
from service.dev.simulators.faults import Faults
from service.dev.simulators.gate import Gate
from service.dev.simulators.onspring.access import ApiKey
from service.dev.simulators.onspring.files import FileShelf
from service.dev.simulators.onspring.outcomes import Delivery, Outcome
from service.dev.simulators.onspring.records import RecordShelf
from service.dev.simulators.onspring.schema import App, AppField, ListValue, Report
from service.dev.simulators.onspring.settings import OnspringSettings

_KEPT_IN_LOGS = 100_000


@dataclass
class Call:
    """One call of the API, logged when it arrives; `status` is None until it is answered."""

    at: datetime
    method: str
    path: str
    query: str
    api_version: str | None
    """Its header `x-api-version`."""
    status: int | None = None

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "at": self.at.isoformat()}


class OnspringState:
    """An instance at the provider. `clock` answers aware moments; `seed` decides ids and faults."""

    def __init__(
        self,
        *,
        seed: int = 0,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        settings: OnspringSettings | None = None,
    ) -> None:
        self.clock = clock
        self.settings = settings or OnspringSettings()
        self.rng = random.Random(seed)  # noqa: S311 (made to be repeatable, protects nothing)
        self.chances = Chances(seed)
        self.keys: dict[str, ApiKey] = {}
        self.apps: dict[int, App] = {}
        self.fields: dict[int, AppField] = {}
        self.lists: dict[int, list[ListValue]] = {}
        """The values of each list, in their order."""
        self.reports: dict[int, Report] = {}
        self.records = RecordShelf(clock)
        self.files = FileShelf(clock)
        self.outcomes: dict[int, Outcome] = {}
        self.calls: list[Call] = []
        self.deliveries: list[Delivery] = []
        self.faults = Faults()
        self.gate = Gate()

    def new_guid(self) -> str:
        """Make an id as list values have it."""
        return str(uuid.UUID(int=self.rng.getrandbits(128), version=4))

    def fields_of(self, app_id: int) -> list[AppField]:
        """List the fields of an app, by their ids."""
        return [field for _, field in sorted(self.fields.items()) if field.app_id == app_id]

    def values_of(self, field: AppField) -> list[ListValue]:
        """List the values that a list field, or a formula of list values, may have."""
        return [] if field.list_id is None else self.lists.get(field.list_id, [])

    def log_call(self, call: Call) -> None:
        """Remember a call; the oldest are forgotten in the end."""
        self.calls.append(call)
        del self.calls[:-_KEPT_IN_LOGS]

    def log_delivery(self, delivery: Delivery) -> None:
        """Remember a delivery; the oldest are forgotten in the end."""
        self.deliveries.append(delivery)
        del self.deliveries[:-_KEPT_IN_LOGS]
