"""What an app's list says was modified last: page by page, without a memory of its own.

Whether the API sorts by `last_modified` is not published, and neither is whether it filters by it; both are
seen in what it answers.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise

from service.errors import UnsortableError
from service.fusioo.client import FusiooClient
from service.fusioo.endpoints import LIST_RECORDS
from service.fusioo.models import Record
from service.fusioo.moments import read_stamp
from service.fusioo.paging import MOST_PER_PAGE
from service.fusioo.resources.listed import LAST_MODIFIED, UNSORTABLE, RecordPages

CLOCK_PUT_BACK = timedelta(hours=1)
"""Where stamps are local time, a list is once a year out of order at one place, by so much at most."""


class ModifiedPages:
    """The records of one account's apps, the last modified first. One call each."""

    is_sorted = True

    def __init__(self, client: FusiooClient) -> None:
        self._client = client

    async def page(self, app_id: str, *, offset: int, after: str | None = None) -> Sequence[Record]:
        """Read up to 200 records from `offset` on; `after`: only those with a later stamp, by a filter.

        Raises UnsortableError where the list is not in that order, or a record has no stamp; and what else
        FusiooClient raises.
        """
        records = self._client.records
        pages: RecordPages = partial(records.list, app_id)
        if after is not None:
            pages = partial(records.filter, app_id, {LAST_MODIFIED: {"greater_than": after}})
        try:
            page = await pages(sort_by=LAST_MODIFIED, order="desc", offset=offset, limit=MOST_PER_PAGE)
        except UNSORTABLE as error:
            raise UnsortableError(str(error)) from error
        _check_order(page)
        return page

    async def page_with_deleted(self, app_id: str) -> Sequence[Record]:
        """Read the first 200, deleted ones among them: for an administrator's token only."""
        return await self._client.records.list(
            app_id, sort_by=LAST_MODIFIED, order="desc", limit=MOST_PER_PAGE, include_deleted=True
        )

    async def count(self, app_id: str) -> int:
        """Ask how many records the app has."""
        return await self._client.records.count(app_id)


def _check_order(page: Sequence[Record]) -> None:
    stamps = [_stamp(record) for record in page]
    steps = [later - earlier for earlier, later in pairwise(stamps) if later > earlier]
    if len(steps) > 1 or any(step > CLOCK_PUT_BACK for step in steps):
        raise UnsortableError(f"{LIST_RECORDS.label}: the list is not sorted by {LAST_MODIFIED}")


def _stamp(record: Record) -> datetime:
    at = read_stamp(record.get(LAST_MODIFIED))
    if at is None:
        raise UnsortableError(f"{LIST_RECORDS.label}: a record has no {LAST_MODIFIED} that can be read")
    return at
