"""Which page of an app's records a walk reads next, until it has seen them all. Pure.

Three kinds: all records in an order that lasts, which fusioo/paging.py keeps whole while people edit; those
modified since a moment, in the same order, where the provider filters by that; or else, newest first. An edit
moves a record to the head of that last list, perhaps out of what is still to be read: so the head is read
again, back to where it was, until it stays where it is (at most five times).

A course is written down between any two calls, and read by whoever goes on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self

from service.errors import UnsortableError
from service.fusioo.models import Record
from service.fusioo.moments import read_stamp
from service.fusioo.paging import Marks, PagePlan, Paging, Step

_MOST_PASSES = 5
STAMP = "last_modified"


@dataclass(frozen=True, slots=True)
class Reached:
    """What a page brought."""

    records: dict[str, Record]
    """Those to be held against what we know, by id."""
    fresh: int
    """How many of them the walk had not seen before."""
    marks: dict[str, int | None]
    """Which records of the page are seen from now on, and where they stand."""
    anew: bool
    """The list is read from its beginning again: no record has a place any more."""


@dataclass(slots=True)
class Course:
    """How a walk reads. Do `step` and tell what came of it, until it is None."""

    plan: PagePlan
    since: datetime | None = None
    """Only what was modified since then; None: all."""
    down_to: datetime | None = None
    """How far back this pass reads."""
    head: datetime | None = None
    """The stamp with which this pass began, the newest then."""
    passes: int = 1
    filtered: bool = False
    """The list holds only what was modified `since` then, in no order of stamps."""

    @classmethod
    def of(cls, since: datetime | None, paging: Paging | None = None, *, filtered: bool = False) -> Self:
        """Plan a course from the list's beginning."""
        if since is None or filtered:
            plan = PagePlan(paging or Paging(), counted=True, lasting=True)
            return cls(plan, since=since, filtered=filtered)
        return cls(_pass(paging or Paging()), since=since, down_to=since)

    @classmethod
    def read(cls, written: Mapping[str, Any]) -> Self:
        """Take a course up from where it was written down."""
        since, down_to, head = (
            written[name] and datetime.fromisoformat(written[name]) for name in ("since", "down_to", "head")
        )
        plan, filtered = PagePlan.read(written["plan"]), written.get("filtered", False)
        return cls(plan, since, down_to, head, written["passes"], filtered)

    def written(self) -> dict[str, Any]:
        """Write the course down, as JSON has it."""
        moments = {"since": self.since, "down_to": self.down_to, "head": self.head}
        told = {name: moment and moment.isoformat() for name, moment in moments.items()}
        return {"plan": self.plan.written(), "passes": self.passes, "filtered": self.filtered, **told}

    @property
    def step(self) -> Step | None:
        """What to do next; None: nothing, all was seen that can be."""
        return self.plan.step

    @property
    def is_whole(self) -> bool:
        """The walk is over and read all records: those that it did not see seem not to be there."""
        over = self.since is None and self.plan.step is None
        return over and (self.plan.steady or not self.plan.incomplete)

    @property
    def lacking(self) -> int:
        """How many records, at least, could not be seen; known at the end."""
        return 0 if self._is_newest_first else max(self.plan.missing, int(self.plan.gave_up))

    @property
    def _is_newest_first(self) -> bool:
        return self.since is not None and not self.filtered

    def take_page(self, page: Sequence[tuple[str, Record]], marks: Marks, *, lasting: bool) -> Reached:
        """Take the page that was asked for, by id, and the marks of those of it that were seen before.

        `lasting`: whether no edit changes places in the list, as far as it shows; of a list of what was
        modified lately, whether it is in that order at all. Raises UnsortableError where it is not.
        """
        rounds, ids = self.plan.rounds, [one for one, _ in page]
        if self._is_newest_first:
            return self._take_newest(page, marks, in_order=lasting)
        self.plan.lasting = self.plan.lasting and lasting
        taken = self.plan.take_page(ids, marks)
        fresh = {page[place][0]: page[place][1] for place in taken.fresh}
        return Reached(fresh, len(fresh), taken.marks, anew=self.plan.rounds > rounds)

    def take_count(self, count: int) -> bool:
        """Take the number of records that was asked for; tells whether the list is read anew."""
        rounds = self.plan.rounds
        self.plan.take_count(count)
        return self.plan.rounds > rounds

    def _take_newest(self, page: Sequence[tuple[str, Record]], marks: Marks, *, in_order: bool) -> Reached:
        if not in_order:
            raise UnsortableError(f"the list is not sorted by {STAMP}: leave out `--since` to read all of it")
        taken = self.plan.take_page([one for one, _ in page], marks)
        found: dict[str, Record] = {}
        is_over = self.plan.step is None
        for one, record in page:
            at = read_stamp(record.get(STAMP))
            if at is None:
                raise UnsortableError(f"record {one} has no {STAMP} that says how new it is")
            self.head = self.head or at
            if self.down_to is not None and at >= self.down_to:
                found[one] = record
            elif not self.plan.torn:
                is_over = True
        fresh = sum(one not in marks for one in found)
        if is_over:
            self._end_pass()
        kept = {one: None if is_over else mark for one, mark in taken.marks.items() if one in found}
        return Reached(found, fresh, kept, anew=is_over)

    def _end_pass(self) -> None:
        moved = self.head is not None and self.down_to is not None and self.head > self.down_to
        if not moved or self.passes >= _MOST_PASSES:
            self.plan.ended = True
            return
        self.passes += 1
        self.down_to, self.head = self.head, None
        self.plan = _pass(self.plan.paging)


def _pass(paging: Paging) -> PagePlan:
    return PagePlan(replace(paging, rounds=1), counted=False, lasting=False)
