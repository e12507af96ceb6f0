"""When a look reads a page of what an app changed last instead of asking by ids, and which page. Pure.

Where long URLs are refused, some 50 ids fit into a call, and a page brings 200 records. What came in since
the list was begun stands at its head, and moves the rest down by as many places. A page that settles no more
than a call by ids ends the list, and a look by ids comes next, the longest due first: so a list costs at most
one call too many, and what it does not show is not left out for ever.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from service.changes.types import Kind
from service.fusioo.chunking import Way, cheaper_way
from service.fusioo.paging import MOST_PER_PAGE, Paging
from service.inbox.batching import Batch, BatchClass, DueDelivery
from service.records.slots import ClaimedSlot, Listed


@dataclass(frozen=True, slots=True)
class Page:
    """The page to read."""

    offset: int
    since: datetime
    """When the first page of this list was read."""
    alternative: int
    """How many records a call by ids would bring."""


def listable(due: Sequence[DueDelivery]) -> Batch:
    """Give what a list may settle: no deleted records, no doubtful ones."""
    by_record: dict[str, list[DueDelivery]] = {}
    for delivery in due:
        by_record.setdefault(delivery.record_id, []).append(delivery)
    return Batch(
        BatchClass.CHANGED,
        {
            record_id: deliveries
            for record_id, deliveries in by_record.items()
            if all(each.hint.kind is not Kind.DELETE and each.hint.looks == 0 for each in deliveries)
        },
    )


def next_page(slot: ClaimedSlot, due: Mapping[str, Sequence[DueDelivery]]) -> Page | None:
    """Say which page settles more than a call by ids; None: none does. `due` are the listable records."""
    if slot.ceiling is None:
        return None
    listed, by_ids, new = slot.listed, slot.batch_size, len(due)
    if listed is not None:
        if listed.offset is None:
            return None
        new = sum(max(each.received_at for each in hints) > listed.since for hints in due.values())
        if listed.offset > 0 and len(due) - new > by_ids:
            return Page(listed.offset + new, listed.since, by_ids)
    if cheaper_way(new, at_once=by_ids, depth=new) is Way.NEWEST:
        return Page(0, slot.claimed_at, by_ids)
    return None


def read_to(page: Page, *, found: int) -> Listed:
    """Say how far the list was read, after a page that showed so many due records."""
    if found <= page.alternative:
        return Listed(page.since)
    return Listed(page.since, page.offset + MOST_PER_PAGE - Paging().overlap)
