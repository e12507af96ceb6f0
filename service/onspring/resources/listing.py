"""What all lists have in common: one page, a walk through all pages, and batches of ids."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from typing import Any, TypeAlias, TypeVar

from service.errors import BatchTooLargeError
from service.onspring.batching import Batches, in_order
from service.onspring.models import Page
from service.onspring.paging import PagePlan
from service.onspring.protocol import Call

Perform: TypeAlias = Callable[[Call], Awaitable[Any]]
Item = TypeVar("Item")


async def walk(
    read: Callable[[int, int], Awaitable[Page[Item]]], *, id_of: Callable[[Item], int], page_size: int
) -> AsyncIterator[Item]:
    """Give every row of a list once, reading it page by page: `read(number, size)`.

    Raises what reading raises; what is too large is asked for in smaller pages first, down to one row.
    """
    plan = PagePlan(page_size)
    while not plan.ended:
        try:
            page = await read(plan.number, plan.size)
        except BatchTooLargeError:
            if not plan.halve():
                raise
            continue
        for place in plan.take(map(id_of, page.items), total=page.total_records, size=page.page_size):
            yield page.items[place]


async def in_batches(
    ids: Iterable[int],
    fetch: Callable[[Sequence[int]], Awaitable[Iterable[Item]]],
    *,
    id_of: Callable[[Item], int],
) -> tuple[Item, ...]:
    """Fetch any number of things by their ids, up to 100 a call, in the order of the ids, each once.

    Raises what fetching raises; what is too large is asked for in halves first, down to one id.
    """
    wanted = list(ids)
    found: list[Item] = []
    batches = Batches(wanted)
    while batch := batches.next:
        try:
            found += await fetch(batch)
        except BatchTooLargeError:
            if not batches.halve():
                raise
        else:
            batches.done()
    return in_order(wanted, found, id_of=id_of)
