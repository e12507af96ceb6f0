"""One round through a list that shifts while it is read: where the next page must begin. Pure.

Every page but the first overlaps what was read before. A page that holds one known row goes on without a
gap: rows from there to the page's end are known too. A page that holds none shows that rows before it have
gone, and with them, perhaps, unread ones into places already passed: the round steps back, doubling its step
until a page holds a known row (the page at 0 needs none), and closes in on the edge of the known from there.
A list that stays still for a moment costs a logarithm of calls, however far it had shifted.
"""

from collections.abc import Sequence
from itertools import pairwise


class Round:
    """What is known of one round. Keeps ids, no rows."""

    def __init__(self, page_size: int, overlap: int) -> None:
        self.offset = 0
        """Where the next page begins."""
        self.ended = False
        self.length = 0
        """How many rows the list had when its end was read."""
        self.still = True
        """Nothing came or went where two pages overlapped."""
        self.in_order = True
        """No two rows were seen to change places."""
        self.torn = False
        """The last page did not go on from what is known: something before it is still to be read."""
        self.idle_pages = 0
        """Pages in a row without a row that was new to this round."""
        self._page_size, self._overlap = page_size, overlap
        self._ranks: dict[str, int] = {}
        self._tail: tuple[str, ...] = ()
        self._last_offset = self._plain_offset = self._doubted_size = 0
        self._step = page_size
        self._joins_at: int | None = None
        self._torn_at: int | None = None

    @property
    def known(self) -> int:
        """How many rows are known without a gap from the beginning of the list."""
        return len(self._ranks)

    def read(self, ids: Sequence[str]) -> None:
        """Take the ids of the page that begins at `offset`."""
        self.torn = self.offset > 0 and not any(one in self._ranks for one in ids)
        if self.torn:
            self._go_back()
        else:
            self._go_on(ids)

    def doubt_end(self) -> None:
        """Look behind the short page that seemed to be the last: the list should be longer."""
        self.ended = False
        self._doubted_size = self.length - self._last_offset
        self._torn_at = self._joins_at = None
        self.offset = self._plain_offset

    def _go_back(self) -> None:
        self.still, self._tail = False, ()
        self.idle_pages += 1
        self._torn_at = self.offset
        if self._joins_at is not None and self._joins_at < self.offset:
            self.offset = (self._joins_at + self.offset) // 2
        else:
            self._joins_at = None
            self.offset = max(0, self.offset - self._step)
            self._step *= 2

    def _go_on(self, ids: Sequence[str]) -> None:
        known_at = [place for place, one in enumerate(ids) if one in self._ranks]
        self._compare(ids, known_at)
        before = self.known
        edge = known_at[-1] if known_at else -1
        self._learn(ids, known_at, edge)
        self.idle_pages = 0 if self.known > before else self.idle_pages + 1
        self._last_offset = self.offset
        self._plain_offset = self.offset + max(min(1, len(ids)), len(ids) - self._overlap)
        self.length = self.offset + len(ids)
        if edge < len(ids) - 1 and self._overlap < len(ids) == self._doubted_size:
            self._page_size = len(ids)  # the API gives no more at once than this
        self.ended = len(ids) < self._page_size
        if edge < len(ids) - 1:
            self._joins_at = self._torn_at = None
            self._step = self._page_size
            self._tail = tuple(ids[-self._overlap :])
            self.offset = self._plain_offset
        else:
            self._close_in(ids)

    def _compare(self, ids: Sequence[str], known_at: list[int]) -> None:
        ranks = [self._ranks[ids[place]] for place in known_at]
        if any(later < earlier for earlier, later in pairwise(ranks)):
            self.in_order = False
        if known_at and len(known_at) < known_at[-1] - known_at[0] + 1:
            self.in_order = False  # a new row between known ones: restored, or moved here
        if self._tail and tuple(ids[: len(self._tail)]) != self._tail:
            self.still = False

    def _learn(self, ids: Sequence[str], known_at: list[int], edge: int) -> None:
        """Rank new rows: those before known ones like the first of these, the others behind everything."""
        front = self._ranks[ids[known_at[0]]] if known_at else 0
        for place, one in enumerate(ids):
            if one not in self._ranks:
                self._ranks[one] = front if place < edge else len(self._ranks)

    def _close_in(self, ids: Sequence[str]) -> None:
        """All rows of the page are known: the edge lies behind it, before the last page that was torn off."""
        self._tail = ()
        self._joins_at = self._plain_offset
        if self._torn_at is not None and self._torn_at > self._plain_offset:
            self.offset = (self._plain_offset + self._torn_at) // 2
            return
        self._torn_at = None
        # Rows came in before this page: what is known reaches as far behind it as it did before they came.
        ahead = len(self._ranks) - 1 - self._ranks[ids[-1]] if ids else 0
        self.offset = self._plain_offset + ahead
