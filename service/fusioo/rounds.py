"""One round through a list that shifts while it is read: where the next page must begin. Pure.

Every page but the first overlaps what was read before. A page that holds one known row goes on without a
gap: rows from there to the page's end are known too. A page that holds none shows that rows before it have
gone, and with them, perhaps, unread ones into places already passed: the round steps back, doubling its step
until a page holds a known row (the page at 0 needs none), and closes in on the edge of the known from there.
A list that stays still for a moment costs a logarithm of calls, however far it had shifted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

Ranks = Mapping[str, int]
"""By id, where rows stand in the list, as far as a round knows; what stands there together may share one."""


@dataclass(slots=True)
class Round:
    """What is known of one round, but for the ranks of its rows: whoever reads keeps those, and no rows.

    All of it can be written down between any two pages, and another Round can go on from there.
    """

    page_size: int
    overlap: int
    step: int = 0
    """How far to go back next."""
    offset: int = 0
    """Where the next page begins."""
    known: int = 0
    """How many rows are known without a gap from the beginning of the list."""
    ended: bool = False
    length: int = 0
    """How many rows the list had when its end was read."""
    still: bool = True
    """Nothing came or went where two pages overlapped."""
    in_order: bool = True
    """No two rows were seen to change places."""
    torn: bool = False
    """The last page did not go on from what is known: something before it is still to be read."""
    idle_pages: int = 0
    """Pages in a row without a row that was new to this round."""
    tail: tuple[str, ...] = ()
    """The rows with which the next page should begin."""
    last_offset: int = 0
    """Where the last page began that went on from what is known, …"""
    plain_offset: int = 0
    """… and where the next one would, if all stays as it is."""
    doubted_size: int = 0
    joins_at: int | None = None
    """All rows before this offset are known."""
    torn_at: int | None = None
    """A page at this offset did not go on from what is known."""

    def __post_init__(self) -> None:
        self.step = self.step or self.page_size

    def read(self, ids: Sequence[str], ranks: Ranks) -> dict[str, int]:
        """Take the ids of the page that begins at `offset`, and the ranks of those that this round knows.

        Gives the ranks of those that are known from now on. What comes of a torn page stays unknown.
        """
        self.torn = self.offset > 0 and not any(one in ranks for one in ids)
        if not self.torn:
            return self._go_on(ids, ranks)
        self._go_back()
        return {}

    def doubt_end(self) -> None:
        """Look behind the short page that seemed to be the last: the list should be longer."""
        self.ended = False
        self.doubted_size = self.length - self.last_offset
        self.torn_at = self.joins_at = None
        self.offset = self.plain_offset

    def _go_back(self) -> None:
        self.still, self.tail = False, ()
        self.idle_pages += 1
        self.torn_at = self.offset
        if self.joins_at is not None and self.joins_at < self.offset:
            self.offset = (self.joins_at + self.offset) // 2
        else:
            self.joins_at = None
            self.offset = max(0, self.offset - self.step)
            self.step *= 2

    def _go_on(self, ids: Sequence[str], ranks: Ranks) -> dict[str, int]:
        known_at = [place for place, one in enumerate(ids) if one in ranks]
        self._compare(ids, known_at, ranks)
        edge = known_at[-1] if known_at else -1
        learnt = self._learn(ids, known_at, edge, ranks)
        self.known += len(learnt)
        self.idle_pages = 0 if learnt else self.idle_pages + 1
        self.last_offset = self.offset
        self.plain_offset = self.offset + max(min(1, len(ids)), len(ids) - self.overlap)
        self.length = self.offset + len(ids)
        if edge < len(ids) - 1 and self.overlap < len(ids) == self.doubted_size:
            self.page_size = len(ids)  # the API gives no more at once than this
        self.ended = len(ids) < self.page_size
        if edge < len(ids) - 1:
            self.joins_at = self.torn_at = None
            self.step = self.page_size
            self.tail = tuple(ids[-self.overlap :])
            self.offset = self.plain_offset
        else:
            self._close_in(ids, ranks)
        return learnt

    def _compare(self, ids: Sequence[str], known_at: list[int], ranks: Ranks) -> None:
        known = [ranks[ids[place]] for place in known_at]
        if any(later < earlier for earlier, later in pairwise(known)):
            self.in_order = False
        if known_at and len(known_at) < known_at[-1] - known_at[0] + 1:
            self.in_order = False  # a new row between known ones: restored, or moved here
        if self.tail and tuple(ids[: len(self.tail)]) != self.tail:
            self.still = False

    def _learn(self, ids: Sequence[str], known_at: list[int], edge: int, ranks: Ranks) -> dict[str, int]:
        """Rank new rows: those before known ones like the first of these, the others behind everything."""
        front = ranks[ids[known_at[0]]] if known_at else 0
        learnt: dict[str, int] = {}
        for place, one in enumerate(ids):
            if one not in ranks and one not in learnt:
                learnt[one] = front if place < edge else self.known + len(learnt)
        return learnt

    def _close_in(self, ids: Sequence[str], ranks: Ranks) -> None:
        """All rows of the page are known: the edge lies behind it, before the last page that was torn off."""
        self.tail = ()
        self.joins_at = self.plain_offset
        if self.torn_at is not None and self.torn_at > self.plain_offset:
            self.offset = (self.plain_offset + self.torn_at) // 2
            return
        self.torn_at = None
        # Rows came in before this page: what is known reaches as far behind it as it did before they came.
        ahead = self.known - 1 - ranks[ids[-1]] if ids else 0
        self.offset = self.plain_offset + ahead
