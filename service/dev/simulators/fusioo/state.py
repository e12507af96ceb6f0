"""Everything that one simulated company is: its users, apps, records, webhooks, calls and deliveries."""

import random
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from service.dev.simulators.chances import Chances
from service.dev.simulators.faults import Faults
from service.dev.simulators.fusioo.access import User
from service.dev.simulators.fusioo.moving_window import MovingWindow
from service.dev.simulators.fusioo.oauth import OAuthDesk
from service.dev.simulators.fusioo.presenting import present
from service.dev.simulators.fusioo.reads import version_seen
from service.dev.simulators.fusioo.records import Happening, Record, RecordStore, Version
from service.dev.simulators.fusioo.schema import App
from service.dev.simulators.fusioo.settings import FusiooSettings
from service.dev.simulators.fusioo.webhooks import Webhook
from service.dev.simulators.gate import Gate

_KEPT_IN_LOGS = 100_000


@dataclass
class Call:
    """One call of the API, logged when it arrives; `status` is None until it is answered."""

    at: datetime
    method: str
    path: str
    query: str
    ids: tuple[str, ...]
    """The record ids that it names, in the path or in `?ids=`."""
    status: int | None = None

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "at": self.at.isoformat()}


@dataclass
class Delivery:
    """One request to one webhook's address, and what became of it."""

    at: datetime
    webhook_id: str
    url: str
    record_id: str
    happening: Happening
    status: int | None = None
    """The receiver's answer."""
    outcome: str = "waiting"
    """`waiting`, `dropped`, `answered`, or the name of the error; of a try that others follow too."""
    tries: int = 0
    """How often it was sent, copies of a duplicate included."""

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "at": self.at.isoformat()}


class FusiooState:
    """A company at the provider. `clock` answers aware moments; `seed` decides ids, secrets and faults."""

    def __init__(
        self,
        *,
        seed: int = 0,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        settings: FusiooSettings | None = None,
    ) -> None:
        self.clock = clock
        self.settings = settings or FusiooSettings()
        self.rng = random.Random(seed)  # noqa: S311 (made to be repeatable, protects nothing)
        self.chances = Chances(seed)
        self.users: dict[str, User] = {}
        """By token."""
        self.oauth = OAuthDesk(clock, seed)
        self.apps: dict[str, App] = {}
        self.records = RecordStore(clock=clock, new_id=self.new_id)
        self.webhooks: dict[str, Webhook] = {}
        self.disabled_webhooks: set[str] = set()
        """Ids of those that get nothing more, because too many deliveries in a row failed."""
        self.calls: list[Call] = []
        self.deliveries: list[Delivery] = []
        self.faults = Faults()
        self.gate = Gate()
        self.window = MovingWindow(clock, lambda: self.settings)

    def new_id(self) -> str:
        """Make an id in the form seen in production: `i` and 32 hexadecimal digits."""
        return f"i{self.rng.getrandbits(128):032x}"

    def add_webhook(self, url: str, app_id: str, **flags: bool) -> Webhook:
        """Register a webhook; `flags` are `on_create`, `on_update`, `on_delete`."""
        webhook = Webhook(self.new_id(), url, f"{self.rng.getrandbits(128):032x}", app_id, **flags)
        self.webhooks[webhook.id] = webhook
        return webhook

    def log_call(self, call: Call) -> None:
        """Remember a call; the oldest are forgotten in the end."""
        self.calls.append(call)
        del self.calls[:-_KEPT_IN_LOGS]

    def log_delivery(self, delivery: Delivery) -> None:
        """Remember a delivery; the oldest are forgotten in the end."""
        self.deliveries.append(delivery)
        del self.deliveries[:-_KEPT_IN_LOGS]

    def calls_in_window(self) -> int:
        """Count the calls that stand in the moving window now."""
        return self.window.used()

    def take_call(self) -> bool:
        """Count one call if the window has room for it."""
        return self.window.take()

    def seen(self, record: Record) -> Version | None:
        """Find the version of a record that a read shows now; None where it shows none."""
        return version_seen(record, self.faults.reads, self.clock(), self.chances)

    def show(self, user: User, record: Record, version: Version) -> dict[str, Any]:
        """Show a record as `user` may see it."""
        hidden = user.fields_hidden_in(record.app_id)
        shown = present(self.apps[record.app_id], record.to_json(version), self.settings)
        return {field_id: value for field_id, value in shown.items() if field_id not in hidden}

    def rows(self, user: User, app: App, *, include_deleted: bool = False) -> list[dict[str, Any]]:
        """Show all records of an app that `user` may see, oldest first."""
        versions = [(record, self.seen(record)) for record in self.records.of_app(app.id)]
        return [
            self.show(user, record, version)
            for record, version in versions
            if version is not None
            and (include_deleted or not version.deleted)
            and record.id not in user.hidden_records
        ]

    def link_exists(self, app_id: str, record_id: str) -> bool:
        """Say whether a link may point to the record."""
        record = self.records.by_id.get(record_id)
        return record is not None and record.app_id == app_id and not record.now.deleted
