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

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Self, TypeAlias

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


Marks: TypeAlias = Mapping[str, int | None]
"""By id, rows that a walk has seen: their rank in the round (fusioo/rounds.py), None without one."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What a page showed."""

    fresh: tuple[int, ...]
    """The places on it of the rows that are new."""
    marks: dict[str, int | None]
    """How rows of it are marked from now on, where that is new."""


@dataclass(slots=True)
class PagePlan:
    """Plans one walk. Do `step`, tell what came of it, until `step` is None.

    `counted`: the API can tell how many rows the list has. Keeps no rows, and no ids but those of the last
    page: `Marks` are its owner's to keep. A step that failed may be done again. All of it can be written down
    between any two steps (`written`), for another plan to go on from there (`read`).
    """

    paging: Paging
    counted: bool = field(kw_only=True)
    lasting: bool = field(kw_only=True)
    """May turn False once the list shows that it is not in the order that was asked for."""
    steps: int = 0
    pages: int = 0
    seen: int = 0
    """How many different rows came."""
    rounds: int = 1
    expected: int | None = None
    missing: int = 0
    """Rows, at least, that the list has and that never came; known once the walk ended."""
    steady: bool = False
    """A round was read to its end in a lasting order: no row that was there all along can be missing."""
    gave_up: bool = False
    """The list changed faster than it could be read."""
    ended: bool = False
    count_due: bool = False
    first_count: int | None = None
    doubted: tuple[int, int] | None = None
    found: int = 0
    """How many new rows this round brought."""
    round: Round = field(default_factory=lambda: Round(0, 0))

    def __post_init__(self) -> None:
        if not self.round.page_size:
            self._begin()

    def written(self) -> dict[str, Any]:
        """Write the plan down, as JSON has it."""
        return asdict(self)

    @classmethod
    def read(cls, written: Mapping[str, Any]) -> Self:
        """Take a plan up from where it was written down. Raises KeyError or TypeError for anything else."""
        round_ = Round(**{**written["round"], "tail": tuple(written["round"]["tail"])})
        doubted = written["doubted"] and (written["doubted"][0], written["doubted"][1])
        taken_up = {"paging": Paging(**written["paging"]), "round": round_, "doubted": doubted}
        return cls(**{**written, **taken_up})

    @property
    def torn(self) -> bool:
        """Whether something before the last page is still to be read."""
        return self.round.torn

    @property
    def incomplete(self) -> bool:
        """Whether the walk ended without having seen all that it should."""
        return self.ended and (self.missing > 0 or self.gave_up)

    @property
    def step(self) -> Step | None:
        """What to do next."""
        if self.ended:
            return None
        return ReadCount() if self.count_due else ReadPage(self.round.offset, self.rounds % 2 == 0)

    def take_page(self, ids: Sequence[str], marks: Marks) -> Taken:
        """Take the ids of the page that was asked for, and the marks of those that were seen before.

        Where `rounds` is higher afterwards, a round begins anew: no row has a rank any more.
        """
        self.steps += 1
        self.pages += 1
        new = {one: None for one in ids if one not in marks}
        fresh = tuple(ids.index(one) for one in new)
        self.seen += len(new)
        self.found += len(new)
        ranks = self.round.read(ids, {one: rank for one, rank in marks.items() if rank is not None})
        rounds = self.rounds
        if self.round.ended and not self.counted:
            self._end_round()
        self.count_due = self.counted and (self.first_count is None or self.round.ended)
        self._check_patience()
        return Taken(fresh, {**new, **(ranks if self.rounds == rounds else {})})

    def take_count(self, count: int) -> None:
        """Take the number of rows that was asked for; `rounds` may be higher then, as in `take_page`."""
        self.steps += 1
        self.expected = count
        self.count_due = False
        if self.first_count is None:
            self.first_count = count
        if not self.round.ended:
            return
        doubt = (self.round.length, count)
        if count > self.round.length and doubt != self.doubted and not self._patience_is_over():
            self.doubted = doubt
            self.round.doubt_end()
        else:
            self._end_round()

    def _begin(self) -> None:
        self.round = Round(self.paging.page_size, self.paging.overlap)
        self.first_count, self.count_due, self.doubted, self.found = None, False, None, 0

    def _end_round(self, *, gave_up: bool = False) -> None:
        round_ = self.round
        sure = self.lasting and round_.in_order and not gave_up
        self.steady = self.steady or sure
        self.gave_up = gave_up and not self.steady
        self.missing = self._lacking([round_.length if round_.ended else 0, self.expected or 0])
        alone = round_.still and self._lacking([round_.known]) == 0 and self._count_stood()
        calm = self.steady or alone or (self.rounds > 1 and not self.found and not gave_up)
        if (self.missing == 0 and calm) or self.rounds >= self.paging.rounds or self._calls_are_over():
            self.ended = True
            return
        self.rounds += 1
        self._begin()

    def _lacking(self, lengths: Iterable[int]) -> int:
        return max(0, max(lengths) - self.seen)

    def _count_stood(self) -> bool:
        return not self.counted or self.first_count == self.expected == self.round.known

    def _check_patience(self) -> None:
        if not self.ended and self._patience_is_over():
            self._end_round(gave_up=True)

    def _patience_is_over(self) -> bool:
        return self.round.idle_pages >= _PATIENCE or self._calls_are_over()

    def _calls_are_over(self) -> bool:
        most = self.paging.most_calls
        if most is None and self.expected is None:
            most = _UNCOUNTED_CALLS
        elif most is None:
            pages = (self.expected or 0) // (self.paging.page_size - self.paging.overlap) + 1
            most = self.paging.rounds * (_PATIENCE + 3 * pages)
        return self.steps >= most
