"""The records of an app, and the discussions on a record, as lists to walk through.

Which order lasts, so that no edit changes a record's place (reasoned; no page says it):

* `created` does: nobody can set it. Records of the same second have no order of their own among themselves;
  if the API mixes them differently from call to call, that is noticed, or shows in the count.
* An auto-number does too, and has no equals: pass it as `sort_by` with `lasting=True` where an app has one.
* The key field, `last_modified` and everything that people fill in do not.

Whether the API sorts by `created` is not published. If it refuses, the key field is taken instead, as it does
by itself; if it ignores it, the stamps show that. `lasting` is False then.
"""

from collections.abc import Awaitable, Callable, Sequence
from itertools import pairwise
from typing import Protocol

from service.fusioo.endpoints import FILTER_RECORDS, LIST_DISCUSSIONS, LIST_RECORDS
from service.fusioo.errors import SortFieldHiddenError, SortFieldNotFoundError, SortFieldNotSortableError
from service.fusioo.models import Discussion, Record
from service.fusioo.paging import Order

CREATED = "created"
LAST_MODIFIED = "last_modified"
STAMPS = (CREATED, LAST_MODIFIED)
"""Fields whose texts are in the order of what they say."""

UNSORTABLE = (SortFieldNotFoundError, SortFieldNotSortableError, SortFieldHiddenError)
"""What says that a list can't be had in the order asked for."""
_REVERSED: dict[Order, Order] = {"asc": "desc", "desc": "asc"}


class RecordPages(Protocol):
    """One page of records: Records.list, or Records.filter with its conditions."""

    async def __call__(
        self, *, sort_by: str | None, order: Order, offset: int, limit: int
    ) -> Sequence[Record]: ...


class ListedRecords:
    """An app's records, or those that meet conditions. `sort_by=None`: by `created`, if the API lets us."""

    def __init__(
        self,
        pages: RecordPages,
        count: Callable[[], Awaitable[int]] | None,
        *,
        filtered: bool = False,
        sort_by: str | None = None,
        order: Order = "asc",
        lasting: bool | None = None,
    ) -> None:
        self.label = (FILTER_RECORDS if filtered else LIST_RECORDS).label
        self.calls = 0
        self.in_order = True
        """False once a page was not sorted by the stamp that was asked for."""
        self.counted = count is not None
        self.lasting = (sort_by or CREATED) == CREATED if lasting is None else lasting
        self._pages, self._count, self._order = pages, count, order
        self._chosen = sort_by is not None
        self._sort_by: str | None = sort_by or CREATED

    async def page(self, offset: int, limit: int, *, backwards: bool) -> Sequence[Record]:
        """Read a page; see PagedList."""
        order = _REVERSED[self._order] if backwards else self._order
        try:
            records = await self._read(order, offset, limit)
        except UNSORTABLE:
            if self._chosen or self._sort_by is None:
                raise
            self._sort_by, self.lasting = None, False
            records = await self._read(order, offset, limit)
        if self._sort_by in STAMPS and not _is_sorted(records, self._sort_by, descending=order == "desc"):
            self.in_order = self.lasting = False
        return records

    async def count(self) -> int:
        """Ask for the count; see PagedList."""
        if self._count is None:
            raise TypeError("this list can't be counted")
        self.calls += 1
        return await self._count()

    def id_of(self, row: Record) -> str:
        return str(row["id"])

    async def _read(self, order: Order, offset: int, limit: int) -> Sequence[Record]:
        self.calls += 1
        return await self._pages(sort_by=self._sort_by, order=order, offset=offset, limit=limit)


class DiscussionPages(Protocol):
    """One page of discussions: Discussions.list of a record."""

    async def __call__(self, *, order: Order, offset: int, limit: int) -> Sequence[Discussion]: ...


class ListedDiscussions:
    """The discussions on a record, sorted by when they were created (vendor's page), which no edit changes.

    The API has no count of them.
    """

    label = LIST_DISCUSSIONS.label
    lasting = True
    counted = False

    def __init__(self, pages: DiscussionPages, *, order: Order = "asc") -> None:
        self.calls = 0
        self._pages, self._order = pages, order

    async def page(self, offset: int, limit: int, *, backwards: bool) -> Sequence[Discussion]:
        """Read a page; see PagedList."""
        self.calls += 1
        order = _REVERSED[self._order] if backwards else self._order
        return await self._pages(order=order, offset=offset, limit=limit)

    async def count(self) -> int:
        """Raise TypeError: nothing counts discussions."""
        raise TypeError("discussions can't be counted")

    def id_of(self, row: Discussion) -> str:
        return row.id


def _is_sorted(records: Sequence[Record], field: str, *, descending: bool) -> bool:
    stamps = [stamp for record in records if isinstance(stamp := record.get(field), str)]
    return all(later <= earlier if descending else earlier <= later for earlier, later in pairwise(stamps))
