"""One look at an app: what it needs of an account, and what was claimed for it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from service.budget.ledger import Ledger
from service.budget.pacing import Standing
from service.changes.types import Answer
from service.inbox.batching import Batch, BatchClass
from service.records.slots import ClaimedSlot
from service.transport.metering import Meter


class Source(Protocol):
    """What settling needs of a provider. One call each."""

    async def fetch_many(self, app_id: str, ids: Sequence[str]) -> Answer:
        """Look at several records of an app."""
        ...

    async def fetch_one(self, app_id: str, record_id: str) -> Answer:
        """Look at one record by itself: tells absent from hidden."""
        ...


@dataclass(frozen=True, slots=True)
class Endpoints:
    """What the calls of a source are called in the ledger."""

    many: str
    one: str

    def of(self, kind: BatchClass) -> str:
        """Name the call for a batch."""
        return self.one if kind is BatchClass.ALONE else self.many


@dataclass(frozen=True, slots=True)
class SettledAccount:
    """What settling needs of one account."""

    provider: str
    ledger: Ledger
    source: Callable[[Meter], Source]
    endpoints: Endpoints


@dataclass(frozen=True, slots=True)
class ClaimedLook:
    """A claimed slot with its batch and its paid call."""

    slot: ClaimedSlot
    batch: Batch
    started: int
    call_id: int
    account: SettledAccount
    began: float
    left: int
    """How many records were due besides those of the batch, as far as they were read."""
    standing: Standing
    """The account's budget just before this call."""
