"""One look at an app: what it needs of an account, and what was claimed for it."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from service.budget.ledger import Ledger
from service.budget.pacing import Standing
from service.changes.types import Answer
from service.inbox.batching import Batch
from service.pipeline.settling.echoes import ComputedIn, none_computed
from service.pipeline.settling.listed import Page
from service.records.slots import ClaimedSlot
from service.transport.batch_size import LARGEST_BATCH
from service.transport.metering import Meter


class Source(Protocol):
    """What settling needs of a provider. One call each."""

    async def fetch_many(self, app_id: str, ids: Sequence[str]) -> Answer:
        """Look at several records of an app."""
        ...

    async def fetch_one(self, app_id: str, record_id: str) -> Answer:
        """Look at one record by itself: tells absent from hidden."""
        ...

    async def fetch_newest(self, app_id: str, ids: Collection[str], *, offset: int) -> Answer:
        """Look at a page of the app's records, the last changed first; gives those of `ids` that it shows.

        Says nothing of the others. Raises UnsortableError where there is no such list.
        """
        ...


@dataclass(frozen=True, slots=True)
class Endpoints:
    """What the calls of a source are called in the ledger."""

    many: str
    one: str
    newest: str | None = None
    """None: the provider has no list of what changed last."""


@dataclass(frozen=True, slots=True)
class SettledAccount:
    """What settling needs of one account."""

    provider: str
    ledger: Ledger
    source: Callable[[Meter], Source]
    endpoints: Endpoints
    computed_in: ComputedIn = none_computed
    """Which fields the provider sets by itself: they follow from our writes as from anybody's."""
    largest_batch: int = LARGEST_BATCH
    """How many records one call may ask for."""


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
    page: Page | None
    """The page of what changed last that shows them, or some; None: they are asked for by their ids."""
    standing: Standing
    """The account's budget just before this call."""
