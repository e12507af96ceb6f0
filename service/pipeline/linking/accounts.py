"""What fetching linked records needs of an account, and what it has learnt of the account's links."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol

from service.budget.lanes import Lane
from service.budget.ledger import Ledger
from service.changes.types import Answer
from service.fusioo.chunking import BatchSizes
from service.transport.metering import Meter

SCHEMAS_LAST = 3600.0
"""Seconds until apps that no rule names are asked for again, when a path leads to them."""

Targets = Mapping[str, Mapping[str, str]]
"""App id → link field id → the app that it leads to."""


class LinkSource(Protocol):
    """What linked records need of a provider. One call each."""

    async def fetch_many(self, app_id: str, ids: Sequence[str]) -> Answer:
        """Look at several records of an app."""
        ...

    async def link_targets(self) -> Targets:
        """Look at the link fields of all apps."""
        ...


@dataclass(slots=True)
class LinkedAccount:
    """One account, for one process: it learns how many records a call takes, and where links lead."""

    ledger: Ledger
    source: Callable[[Meter], LinkSource]
    targets_in: Callable[[Mapping[str, Any]], Mapping[str, str]]
    """The link fields in an app's stored schema."""
    ids_in: Callable[[Any], tuple[str, ...]]
    """The record ids in a link. Raises ValueError for what is none."""
    link_age: timedelta
    """How much older than a change what was seen of a linked record may be."""
    clock: Callable[[], float] = time.monotonic
    sizes: BatchSizes = field(default_factory=BatchSizes)
    _learnt: Targets = field(default_factory=dict)
    _learnt_at: float | None = None

    @property
    def metered(self) -> LinkSource:
        """The provider; each call is paid as it is made."""
        return self.source(self.ledger.meter(Lane.EXPAND))

    async def learn_targets(self) -> bool:
        """Ask where links lead, with one call; False: that was done lately."""
        now = self.clock()
        if self._learnt_at is not None and now - self._learnt_at < SCHEMAS_LAST:
            return False
        self._learnt = await self.metered.link_targets()
        self._learnt_at = now
        return True

    def learnt_target(self, app_id: str, field_id: str) -> str | None:
        """Say where a link leads, as far as that was asked for."""
        return self._learnt.get(app_id, {}).get(field_id)
