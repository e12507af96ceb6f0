"""Everything that one simulated company is: its users, apps, records, webhooks, calls and deliveries."""

import random
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from service.dev.simulators.chances import Chances
from service.dev.simulators.faults import Faults
from service.dev.simulators.fusioo.access import User
from service.dev.simulators.fusioo.conversations import Conversations
from service.dev.simulators.fusioo.files import FileStore
from service.dev.simulators.fusioo.members import Member
from service.dev.simulators.fusioo.moving_window import MovingWindow
from service.dev.simulators.fusioo.oauth import OAuthDesk
from service.dev.simulators.fusioo.quotas import Quotas
from service.dev.simulators.fusioo.reads import version_seen
from service.dev.simulators.fusioo.record_store import RecordStore
from service.dev.simulators.fusioo.records import Happening, Record, Version
from service.dev.simulators.fusioo.schema import App
from service.dev.simulators.fusioo.settings import FusiooSettings
from service.dev.simulators.fusioo.shifting import Shifting
from service.dev.simulators.fusioo.webhooks import Webhook
from service.dev.simulators.fusioo.workflows import Workflow
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
        self.coming_ids: deque[str] = deque()
        """Ids that are given before the seed makes some."""
        self.chances = Chances(seed)
        self.users: dict[str, User] = {}
        """By token."""
        self.oauth = OAuthDesk(clock, seed)
        self.apps: dict[str, App] = {}
        self.members: dict[str, Member] = {}
        """The users that `GET /users` lists, by id."""
        self.records = RecordStore(clock=clock, new_id=self.new_id)
        self.conversations = Conversations(clock=clock, new_id=self.new_id)
        self.files = FileStore(clock=clock, new_id=self.new_id)
        self.quotas = Quotas()
        self.shifting = Shifting(self.records, seed)
        self.webhooks: dict[str, Webhook] = {}
        self.workflows: dict[str, Workflow] = {}
        self.disabled_webhooks: set[str] = set()
        """Ids of those that get nothing more, because too many deliveries in a row failed."""
        self.calls: list[Call] = []
        self.deliveries: list[Delivery] = []
        self.faults = Faults()
        self.gate = Gate()
        self.window = MovingWindow(clock, lambda: self.settings)

    def new_id(self) -> str:
        """Make an id in the form seen in production: `i` and 32 hexadecimal digits."""
        if self.coming_ids:
            return self.coming_ids.popleft()
        return f"i{self.rng.getrandbits(128):032x}"

    def add_webhook(self, url: str, app_id: str, **flags: bool) -> Webhook:
        """Register a webhook; `flags` are `on_create`, `on_update`, `on_delete`."""
        webhook = Webhook(self.new_id(), url, f"{self.rng.getrandbits(128):032x}", app_id, **flags)
        self.webhooks[webhook.id] = webhook
        return webhook

    def add_workflow(
        self,
        name: str,
        app: App,
        url: str,
        happenings: frozenset[Happening] = frozenset(Happening),
        conditions: Mapping[str, Any] | None = None,
    ) -> Workflow:
        """Let a workflow of the app send a webhook when its trigger and conditions say so."""
        secret = f"{self.rng.getrandbits(128):032x}"
        workflow = Workflow(self.new_id(), name, app, url, secret, happenings, conditions or {})
        self.workflows[workflow.id] = workflow
        return workflow

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

    def link_exists(self, app_id: str, record_id: str) -> bool:
        """Say whether a link may point to the record."""
        record = self.records.by_id.get(record_id)
        return record is not None and record.app_id == app_id and not record.now.deleted
