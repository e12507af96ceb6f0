"""How a list is walked through, page by page. Pure.

The API pages by number and size, and promises no order. What it does promise is used:

* Pages halve where the API says that so much is too large, or its gateway gives up; a page of the smaller
  size may begin before the place that was reached, and rows that came already are left out.
* A list that got shorter in the meantime has moved its rows forward: the walk steps back by as many.
  Rows that vanish while others appear can't be told apart from that; who must not miss a row walks again.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

MOST_PER_PAGE = 1000
"""Rows per answer (vendor's page, "Pagination Query Parameters")."""


def page_query(page: int | None, page_size: int | None) -> dict[str, int | None]:
    """The parameters that ask for one page; None: as the API does by default (the first, of 50).

    Raises ValueError for a page before the first, and for a size that the API refuses.
    """
    if page is not None and page < 1:
        raise ValueError(f"page {page}: pages are numbered from 1")
    if page_size is not None and not 1 <= page_size <= MOST_PER_PAGE:
        raise ValueError(f"a page of {page_size} rows: it has 1 to {MOST_PER_PAGE}")
    return {"PageNumber": page, "PageSize": page_size}


@dataclass(slots=True)
class PagePlan:
    """Plans one walk: ask for page `number` of `size`, tell what came of it, until `ended`.

    Raises ValueError for a size that the API refuses. Keeps the ids of the rows that were seen.
    """

    size: int = MOST_PER_PAGE
    ended: bool = False
    _offset: int = 0
    """How many rows of the list were passed."""
    _total: int | None = None
    _seen: set[Any] = field(default_factory=set)

    def __post_init__(self) -> None:
        page_query(None, self.size)

    @property
    def number(self) -> int:
        """The page on which the next row stands, from 1."""
        return self._offset // self.size + 1

    def take(self, ids: Iterable[Any], *, total: int | None = None, size: int | None = None) -> list[int]:
        """Take the ids of the page that was asked for. Gives the places on it of the rows that are new.

        `total` and `size` are what the answer says of the list; None: nothing. An answer in smaller pages
        than were asked for is believed: the walk goes on in pages of that size.
        """
        listed, passed, number = list(ids), self._offset, self.number
        reached = (number - 1) * self.size + len(listed)
        if size is not None and 0 < size < self.size and (total is None or reached < total):
            self.size = size
            if number > 1:  # it is another page than the one that was meant
                return []
        new = {one: place for place, one in reversed(list(enumerate(listed))) if one not in self._seen}
        self._seen |= new.keys()
        self._offset = reached
        self.ended = not listed or (len(listed) < self.size if total is None else reached >= total)
        if total is not None:
            self._step_back(passed, total)
        return sorted(new.values())

    def halve(self) -> bool:
        """Ask for half as many rows from now on. False: it can't be fewer."""
        if self.size == 1:
            return False
        self.size //= 2
        return True

    def _step_back(self, passed: int, total: int) -> None:
        """Go back to before the rows that moved forward since the last page, if the list got shorter."""
        lost = (self._total or 0) - total
        self._total = total
        if lost > 0:
            self._offset = max(0, passed - lost)
            self.ended = total == 0
