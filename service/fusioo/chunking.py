"""Asking for many records by their ids: how many with one call, and whether listing them is cheaper."""

import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from service.fusioo.matching import normal_id
from service.fusioo.paging import Paging
from service.transport.batch_size import CEILING_LASTS, FIRST_BATCH, LARGEST_BATCH, allowed, grown, halved


class IdChunks:
    """Any number of ids, in chunks. Each id is asked for once, however often it was given."""

    def __init__(self, ids: Iterable[str]) -> None:
        self._ids = tuple({normal_id(one): one for one in ids}.values())
        self._ranges: deque[tuple[int, int]] = deque([(0, len(self._ids))] if self._ids else [])

    def __len__(self) -> int:
        return len(self._ids)

    def current(self, most: int) -> tuple[str, ...]:
        """The ids to ask for now, at most `most` (at least 1); none at the end."""
        if not self._ranges:
            return ()
        start, stop = self._ranges[0]
        self._cut(min(stop, start + most))
        return self._ids[slice(*self._ranges[0])]

    def done(self) -> None:
        """The current ids were answered: go on to the next."""
        self._ranges.popleft()

    def halve(self) -> None:
        """The current ids, more than one, were refused: ask for them in two parts."""
        start, stop = self._ranges[0]
        self._cut(start + halved(stop - start))

    def _cut(self, middle: int) -> None:
        start, stop = self._ranges[0]
        if start < middle < stop:
            self._ranges.popleft()
            self._ranges.extendleft([(middle, stop), (start, middle)])


@dataclass(slots=True)
class _Learnt:
    size: int = FIRST_BATCH
    ceiling: int | None = None
    until: float = 0.0


class BatchSizes:
    """How many ids one call takes, learnt for each app, at most `largest`. `clock` gives monotonic seconds.

    It lives as long as the client; hand one to several clients of an account to let them learn together.
    """

    def __init__(self, *, largest: int = LARGEST_BATCH, clock: Callable[[], float] = time.monotonic) -> None:
        self._largest, self._clock = largest, clock
        self._apps: dict[str, _Learnt] = {}

    def at_once(self, app_id: str) -> int:
        """How many ids to ask for with the next call."""
        return allowed(self._of(app_id).size, self._ceiling(app_id))

    def answered(self, app_id: str, *, asked: int) -> None:
        """Learn that a call with so many ids was answered."""
        learnt = self._of(app_id)
        size = grown(self.at_once(app_id), asked=asked, ceiling=self._ceiling(app_id), largest=self._largest)
        learnt.size = size or learnt.size

    def refused(self, app_id: str, *, asked: int) -> None:
        """Learn that a call with so many ids, more than one, was refused; it is a ceiling for a day."""
        self._apps[app_id] = _Learnt(halved(asked), asked, self._clock() + CEILING_LASTS.total_seconds())

    def forget(self, app_id: str) -> None:
        """Begin anew: what was refused was not refused for its length."""
        self._apps.pop(app_id, None)

    def _ceiling(self, app_id: str) -> int | None:
        learnt = self._of(app_id)
        return learnt.ceiling if self._clock() < learnt.until else None

    def _of(self, app_id: str) -> _Learnt:
        return self._apps.setdefault(app_id, _Learnt())


class Way(StrEnum):
    """How to get many records of an app: the names of the methods of `client.records`."""

    WALK_IDS = "walk_ids"
    NEWEST = "newest"


def cheaper_way(ids: int, *, at_once: int, depth: int, paging: Paging | None = None) -> Way:
    """Which way needs fewer calls for `ids` records; by ids where it makes no difference.

    `at_once` is what was learnt (`BatchSizes.at_once`); `depth` how many records, at most, changed since the
    one of them that changed longest ago, these included: so far down a newest-first listing must be read.
    Where URLs above 2 kB fail, some 50 ids fit into a call, and a page still brings 200 records.
    """
    pages = paging or Paging()
    behind = max(0, depth - pages.page_size)
    listing = 2 + -(-behind // (pages.page_size - pages.overlap))  # the head is read once more at the end
    return Way.NEWEST if listing < -(-ids // at_once) else Way.WALK_IDS
