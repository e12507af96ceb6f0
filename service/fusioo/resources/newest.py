"""The records of an app that changed last, newest first."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import datetime

from service.fusioo.errors import UnreadableAnswerError
from service.fusioo.models import Record
from service.fusioo.moments import read_stamp
from service.fusioo.paging import PagePlan, Paging
from service.fusioo.resources.listed import ListedRecords
from service.fusioo.walking import Walk

_MOST_LOOKS = 5


async def newest(
    listed: Callable[[], ListedRecords], *, until: datetime, stamp: str, paging: Paging
) -> AsyncIterator[Record]:
    """Give every record whose `stamp` is not before `until`, once; `listed` sorts by it, descending.

    An edit moves a record to the head of such a list, perhaps out of the part that is still to be read. So
    the head is read again, back to where it was, until it brings nothing new (at most five times). Raises
    UnreadableAnswerError for a record without the stamp, and where the list is not sorted by it.
    """
    given: set[str] = set()
    down_to = until
    for _ in range(_MOST_LOOKS):
        head: datetime | None = None
        found = False
        rows = listed()
        plan = PagePlan(replace(paging, rounds=1), counted=False, lasting=False)
        async for record in Walk(rows, plan, allow_missing=True):
            at = _moment(record, stamp, rows)
            head = head or at
            if at < down_to and not plan.torn:
                break
            if at >= down_to and record["id"] not in given:
                given.add(record["id"])
                found = True
                yield record
        if not found or head is None:
            return
        down_to = head


def _moment(record: Record, stamp: str, rows: ListedRecords) -> datetime:
    at = read_stamp(record.get(stamp))
    if at is None:
        raise UnreadableAnswerError(f"a record has no {stamp} that says how new it is", endpoint=rows.label)
    if not rows.in_order:
        raise UnreadableAnswerError(f"the list is not sorted by {stamp}", endpoint=rows.label)
    return at
