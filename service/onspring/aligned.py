"""Rows from any place of a list, of an API that knows only pages of one size, numbered from the list's begin.

Whoever reads on while a list changes must read some rows again, to see that nothing slipped past: so pages
must begin anywhere. Page `n` of size `s` begins at `(n - 1) * s`, and there is always a size not far below
the largest of which one page begins at the place that is wanted, or little before it.
"""

from collections.abc import Awaitable, Callable

from service.errors import BatchTooLargeError
from service.onspring.models import Page, Record
from service.onspring.paging import MOST_PER_PAGE


def page_at(offset: int, largest: int) -> tuple[int, int]:
    """Choose number and size of the page that shows the most rows from `offset` on, the first of them first.

    It has at most `largest` rows. More than two fifths of these are from `offset` on.
    """
    sizes = range(max(1, largest // 2), largest + 1)
    size = max(sizes, key=lambda one: (one - offset % one, one))
    return offset // size + 1, size


class AlignedRows:
    """One list, read from any place. Pages get smaller where they are too large, and stay so."""

    def __init__(
        self, read: Callable[[int, int], Awaitable[Page[Record]]], *, largest: int = MOST_PER_PAGE
    ) -> None:
        """`read` takes a page's number and size."""
        self.largest = largest
        self.calls = 0
        """How many calls were made."""
        self.total: int | None = None
        """How many rows the list has, as the last answer says; None: it did not say."""
        self._read = read

    async def rows(self, offset: int, fewest: int) -> list[Record]:
        """Read rows from `offset` on, up to a whole page; fewer than `fewest` only at the list's end.

        Raises what reading raises; what is too large is asked for in smaller pages first, down to one row.
        """
        found: list[Record] = []
        while True:
            rows, at_end = await self._piece(offset + len(found))
            found += rows
            if at_end or len(found) >= fewest:
                return found

    async def _piece(self, offset: int) -> tuple[list[Record], bool]:
        """Read what one page shows from `offset` on, and say whether the list ends there."""
        while True:
            number, size = page_at(offset, self.largest)
            self.calls += 1
            try:
                page = await self._read(number, size)
            except BatchTooLargeError:
                if size == 1:
                    raise
                self.largest = size // 2
                continue
            if page.page_size is not None and 0 < page.page_size < size:
                self.largest = page.page_size  # it gives no more at once: this is another page than was meant
                continue
            self.total = page.total_records
            begin = (number - 1) * size
            reached = begin + len(page.items)
            at_end = len(page.items) < size if self.total is None else reached >= self.total
            rows = list(page.items[offset - begin :])
            return rows, at_end or not rows
