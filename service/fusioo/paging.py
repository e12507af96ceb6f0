"""Which page of a list to ask for next, and when the whole list was seen. Pure: no I/O, no clock.

Offsets shift while a list is read: what is created, deleted or edited in between moves rows over the borders
of pages (seen live: the same record twice). What holds then:

* No row is given twice.
* Where no edit changes a row's place (`lasting`: records by `created`, discussions always), every row that
  was there all along is given, whatever is created, deleted or restored between any two calls: see
  fusioo/rounds.py. `steady` says that this was so, as far as could be seen.
* Where edits do change places, nothing can promise that: a row may always be moved to where we have just
  been. Then rounds are repeated, in turn forwards and backwards, until one is left alone or brings
  nothing new. A row that is lost all the same shows in `missing`, except when as many rows that were seen
  have been deleted.
* It always ends: a list that changes faster than it can be read is given up, which is told (`incomplete`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from service.fusioo.rounds import Round

MOST_PER_PAGE = 200
"""Rows per answer (vendor's page, parameter `limit`)."""

Order: TypeAlias = Literal["asc", "desc"]

_PATIENCE = 64
"""Pages in a row that bring nothing new, until a round is given up; finding the way back takes half of it."""
_UNCOUNTED_CALLS = 1000


@dataclass(frozen=True, slots=True)
class Paging:
    """How a list is read. Raises ValueError for what can't work.

    `overlap` is how many rows of a page are asked for again with the next: so many may be deleted between two
    calls before a step back is needed. `most_calls` ends a walk that takes longer (None: three times what the
    list's count lets expect).
    """

    page_size: int = MOST_PER_PAGE
    overlap: int = 10
    rounds: int = 2
    most_calls: int | None = None

    def __post_init__(self) -> None:
        if not 0 < self.overlap < self.page_size <= MOST_PER_PAGE:
            raise ValueError(
                f"pages of {self.page_size} rows that overlap by {self.overlap}: a page has 2 to "
                f"{MOST_PER_PAGE} rows and overlaps by fewer than it has"
            )
        if self.rounds < 1 or (self.most_calls is not None and self.most_calls < 1):
            raise ValueError("a list is read with at least one round and one call")


@dataclass(frozen=True, slots=True)
class ReadPage:
    """Ask for the page that begins at `offset`; `backwards`: in the reverse order."""

    offset: int
    backwards: bool


@dataclass(frozen=True, slots=True)
class ReadCount:
    """Ask how many rows the list has."""


Step: TypeAlias = ReadPage | ReadCount


class PagePlan:
    """Plans one walk. Do `step`, tell what came of it, until `step` is None.

    `counted`: the API can tell how many rows the list has. Keeps ids, no rows. A step that failed may be done
    again.
    """

    def __init__(self, paging: Paging, *, counted: bool, lasting: bool) -> None:
        self.paging, self.lasting = paging, lasting
        """`lasting` may turn False once the list shows that it is not in the order that was asked for."""
        self.steps = self.pages = 0
        self.rounds = 1
        self.expected: int | None = None
        self.missing = 0
        """Rows, at least, that the list has and that never came; known once the walk ended."""
        self.steady = False
        """A round was read to its end in a lasting order: no row that was there all along can be missing."""
        self.gave_up = False
        """The list changed faster than it could be read."""
        self._counted = counted
        self._seen: set[str] = set()
        self._ended = self._count_due = False
        self._first_count: int | None = None
        self._doubted: tuple[int, int] | None = None
        self._found = 0
        self._begin()

    @property
    def seen(self) -> int:
        return len(self._seen)

    @property
    def torn(self) -> bool:
        """Whether something before the last page is still to be read."""
        return self._round.torn

    @property
    def incomplete(self) -> bool:
        """Whether the walk ended without having seen all that it should."""
        return self._ended and (self.missing > 0 or self.gave_up)

    @property
    def step(self) -> Step | None:
        """What to do next."""
        if self._ended:
            return None
        return ReadCount() if self._count_due else ReadPage(self._round.offset, self._backwards)

    def take_page(self, ids: Sequence[str]) -> list[int]:
        """Take the ids of the page that was asked for; gives the places of those that are new."""
        self.steps += 1
        self.pages += 1
        fresh = [place for place, one in enumerate(ids) if self._is_new(one)]
        self._found += len(fresh)
        self._round.read(ids)
        if self._round.ended and not self._counted:
            self._end_round()
        self._count_due = self._counted and (self._first_count is None or self._round.ended)
        self._check_patience()
        return fresh

    def take_count(self, count: int) -> None:
        """Take the number of rows that was asked for."""
        self.steps += 1
        self.expected = count
        self._count_due = False
        if self._first_count is None:
            self._first_count = count
        if not self._round.ended:
            return
        doubt = (self._round.length, count)
        if count > self._round.length and doubt != self._doubted and not self._patience_is_over():
            self._doubted = doubt
            self._round.doubt_end()
        else:
            self._end_round()

    def _begin(self) -> None:
        self._round = Round(self.paging.page_size, self.paging.overlap)
        self._backwards = self.rounds % 2 == 0
        self._first_count, self._count_due, self._doubted, self._found = None, False, None, 0

    def _is_new(self, one: str) -> bool:
        if one in self._seen:
            return False
        self._seen.add(one)
        return True

    def _end_round(self, *, gave_up: bool = False) -> None:
        round_ = self._round
        sure = self.lasting and round_.in_order and not gave_up
        self.steady = self.steady or sure
        self.gave_up = gave_up and not self.steady
        self.missing = self._lacking([round_.length if round_.ended else 0, self.expected or 0])
        alone = round_.still and self._lacking([round_.known]) == 0 and self._count_stood()
        calm = self.steady or alone or (self.rounds > 1 and not self._found and not gave_up)
        if (self.missing == 0 and calm) or self.rounds >= self.paging.rounds or self._calls_are_over():
            self._ended = True
            return
        self.rounds += 1
        self._begin()

    def _lacking(self, lengths: Iterable[int]) -> int:
        return max(0, max(lengths) - len(self._seen))

    def _count_stood(self) -> bool:
        return not self._counted or self._first_count == self.expected == self._round.known

    def _check_patience(self) -> None:
        if not self._ended and self._patience_is_over():
            self._end_round(gave_up=True)

    def _patience_is_over(self) -> bool:
        return self._round.idle_pages >= _PATIENCE or self._calls_are_over()

    def _calls_are_over(self) -> bool:
        most = self.paging.most_calls
        if most is None and self.expected is None:
            most = _UNCOUNTED_CALLS
        elif most is None:
            pages = (self.expected or 0) // (self.paging.page_size - self.paging.overlap) + 1
            most = self.paging.rounds * (_PATIENCE + 3 * pages)
        return self.steps >= most
