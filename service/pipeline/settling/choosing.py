"""What the next look at an app asks for, out of its due deliveries."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from service.inbox.batching import Batch, BatchClass, DueDelivery, choose_batch
from service.inbox.repository import READ_AHEAD, put_off, read_due
from service.pipeline.settling.listed import Page, listable, next_page
from service.records.resting import read_resting
from service.records.slots import ClaimedSlot

_READ_FOR_LIST = 10 * READ_AHEAD
"""So many due deliveries are read where a list may show them all: what is last due stands at its head."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What to ask for; no batch: nothing now."""

    batch: Batch | None
    left: int = 0
    """How many due records are not in the batch, as far as they were read."""
    page: Page | None = None
    """The page that may show the records of the batch; None: they are asked for by their ids."""
    back_in: float | None = None
    """Without a batch: in how many seconds the first of the records has rested; None: nothing waits."""


async def choose(connection: AsyncConnection, slot: ClaimedSlot, *, lists: bool) -> Choice:
    """Choose among the due deliveries. Those of records that rest are put off until these have rested.

    `lists`: whether the provider lists what changed last.
    """
    lists = lists and slot.ceiling is not None
    most = _READ_FOR_LIST if lists else READ_AHEAD
    due = await read_due(connection, slot.account, slot.app_id, at_most=most)
    all_read = len(due) < most
    rested: list[float] = []
    while (batch := choose_batch(due, slot.batch_size)) is not None:
        if not await read_resting(connection, slot.account, slot.app_id, batch.record_ids):
            listed = await _choose_page(connection, slot, batch, due) if lists and all_read else None
            return listed or _choice(batch, due)
        everything = {each.record_id for each in due}  # or each of many to be asked for alone is read alone
        resting = await read_resting(connection, slot.account, slot.app_id, everything)
        rested += resting.values()
        put = {each.hint.id: resting[each.record_id] for each in due if each.record_id in resting}
        await put_off(connection, put)
        due = [each for each in due if each.record_id not in resting]
    return Choice(None, back_in=min(rested, default=None) if all_read else 0.0)


async def _choose_page(
    connection: AsyncConnection, slot: ClaimedSlot, batch: Batch, due: list[DueDelivery]
) -> Choice | None:
    if batch.kind is not BatchClass.CHANGED:
        return None
    fit = listable(due)
    if next_page(slot, fit.deliveries) is None:
        return None
    resting = await read_resting(connection, slot.account, slot.app_id, fit.record_ids)
    fit = Batch(fit.kind, {one: hints for one, hints in fit.deliveries.items() if one not in resting})
    page = next_page(slot, fit.deliveries)
    return None if page is None else _choice(fit, due, page)


def _choice(batch: Batch, due: list[DueDelivery], page: Page | None = None) -> Choice:
    others = {each.record_id for each in due} - batch.deliveries.keys()
    return Choice(batch, len(others), page)
