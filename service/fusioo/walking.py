"""Walking through a whole list, page by page, as an asynchronous iterator."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, Self, TypeVar

from service.fusioo.errors import ListIncompleteError
from service.fusioo.paging import PagePlan, ReadCount, Step

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a walk has come."""

    seen: int
    """Different rows so far."""
    expected: int | None
    """How many the list has, as the API counted last; None where it was not asked or can't tell."""
    pages: int
    calls: int
    rounds: int
    """The times that the list was begun; more than one where it shifted too much."""


class PagedList(Protocol[Row]):
    """A list of the API, as a walk reads it."""

    label: str
    """Which endpoint, for errors."""
    calls: int
    """How many calls were made."""
    lasting: bool
    """Whether no edit changes the place of a row, as far as could be seen."""
    counted: bool
    """Whether `count` can be asked."""

    async def page(self, offset: int, limit: int, *, backwards: bool) -> Sequence[Row]:
        """One page; `backwards` reverses the order of the list."""
        ...

    async def count(self) -> int:
        """How many rows the list has."""
        ...

    def id_of(self, row: Row) -> str:
        """What tells a row from the others."""
        ...


class Walk(Generic[Row]):
    """Gives every row of a list once: `async for row in walk`. Made by the `walk` methods of a client.

    Lists may change while they are walked through; service.fusioo.paging says what holds then. Rows come in
    the list's order, except those that are found by stepping back. Only ids and one page are kept in memory.

    An error leaves the walk where it was: iterate over it again, and the failed call is made again. At the
    end, ListIncompleteError is raised where rows are known to be missing, unless `allow_missing`; then
    `missing` says how many at least. `on_progress` is called after every call.
    """

    def __init__(
        self,
        rows: PagedList[Row],
        plan: PagePlan,
        *,
        on_progress: Callable[[Progress], None] | None = None,
        allow_missing: bool = False,
    ) -> None:
        self._list, self._plan = rows, plan
        self._on_progress, self._allow_missing = on_progress, allow_missing
        self._waiting: deque[Row] = deque()
        self._marks: dict[str, int | None] = {}

    @property
    def progress(self) -> Progress:
        plan = self._plan
        return Progress(plan.seen, plan.expected, plan.pages, self._list.calls, plan.rounds)

    @property
    def missing(self) -> int:
        """How many rows, at least, the list has and the walk could not see; known at its end."""
        return self._plan.missing

    @property
    def steady(self) -> bool:
        """At the end: whether a lasting order was kept: then no row that was there all along is missing."""
        return self._plan.steady

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Row:
        while not self._waiting:
            step = self._plan.step
            if step is None:
                self._end()
                raise StopAsyncIteration
            await self._go_on(step)
        return self._waiting.popleft()

    async def _go_on(self, step: Step) -> None:
        plan = self._plan
        rounds = plan.rounds
        if isinstance(step, ReadCount):
            plan.take_count(await self._list.count())
        else:
            page = await self._list.page(step.offset, plan.paging.page_size, backwards=step.backwards)
            plan.lasting = plan.lasting and self._list.lasting
            ids = [self._list.id_of(row) for row in page]
            taken = plan.take_page(ids, {one: self._marks[one] for one in ids if one in self._marks})
            self._marks.update(taken.marks)
            self._waiting.extend(page[place] for place in taken.fresh)
        if plan.rounds > rounds:
            self._marks = dict.fromkeys(self._marks)
        if self._on_progress is not None:
            self._on_progress(self.progress)

    def _end(self) -> None:
        plan = self._plan
        if not plan.incomplete or self._allow_missing:
            return
        why = (
            "it changed faster than it could be read" if plan.gave_up else f"at least {plan.missing} missing"
        )
        raise ListIncompleteError(
            f"{plan.seen} seen, {why} after {plan.rounds} rounds",
            endpoint=self._list.label,
            missing=plan.missing,
        )
