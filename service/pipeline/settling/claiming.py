"""The first transaction of a look: claim the slot, choose what to ask for, wait for a call or reserve it.

    slot  ·  deliveries  ·  the account's halt  ·  the account's budget

are locked in this order. Whoever may not look now leaves the slot open for a later moment: it is never held
while nobody asks.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from time import monotonic
from uuid import UUID, uuid4

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.budget.lanes import Lane
from service.budget.pacing import Standing
from service.db.failures import is_our_fault
from service.db.persisting import persist
from service.errors import BudgetExhaustedError
from service.inbox.batching import Batch, BatchClass, doubted
from service.inbox.repository import defer_deliveries, read_due
from service.pipeline.settling import releases
from service.pipeline.settling.choosing import choose
from service.pipeline.settling.listed import Page
from service.pipeline.settling.looks import ClaimedLook, Endpoints, SettledAccount
from service.pipeline.settling.turns import Pause, pause_for
from service.records.halts import HALT_PAUSE, note_probe, read_rest
from service.records.repository import next_sight
from service.records.slots import ClaimedSlot, claim_slot, release_slot, seconds_closed, take_back_claim
from service.records.waiting import open_slot, read_backlog

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class NoLook:
    """Nobody asks now."""

    back_in: float | None = None
    """In how many seconds somebody must come back; None: nothing waits here, or whoever holds it will see."""
    instead: str | None = None
    """The app whose turn it is."""


class Claims:
    """Claims looks for one process."""

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        process_id: UUID,
        lost_after: timedelta,
        accounts: Mapping[str, SettledAccount],
    ) -> None:
        self._engine, self._process_id, self._lost_after = engine, process_id, lost_after
        self._accounts = accounts

    async def claim(self, account: str, app_id: str) -> ClaimedLook | NoLook:
        """Claim the next look at an app, with its call paid, if it may begin now."""
        token = uuid4()
        try:
            async with self._engine.begin() as connection:
                slot = await claim_slot(
                    connection,
                    account,
                    app_id,
                    token=token,
                    holder=self._process_id,
                    lost_after=self._lost_after,
                )
                if slot is None:
                    return NoLook(await seconds_closed(connection, account, app_id))
                return await self._prepare(connection, slot)
        except Exception as error:
            if is_our_fault(error):
                # It may be committed all the same: a slot that we hold and don't know of would stay shut.
                await persist(lambda: self._take_back(account, app_id, token))
            raise

    async def _take_back(self, account: str, app_id: str, token: UUID) -> None:
        async with self._engine.begin() as connection:
            await take_back_claim(connection, account, app_id, token)

    async def _prepare(self, connection: AsyncConnection, slot: ClaimedSlot) -> ClaimedLook | NoLook:
        account = self._accounts[slot.account]
        slot = replace(slot, batch_size=min(slot.batch_size, account.largest_batch))
        choice = await choose(connection, slot, lists=account.endpoints.newest is not None)
        if choice.batch is None:
            await release_slot(connection, slot, releases.after_no_call(slot))
            return NoLook(choice.back_in)
        rest = await read_rest(connection, slot.account) if slot.account_halted else None
        if rest is not None:
            released = releases.while_halted(slot, until=rest.until, reason=rest.reason)
            await release_slot(connection, slot, released)
            return NoLook()
        standing = await account.ledger.standing(connection)
        pause = await self._pause(connection, slot, standing)
        if pause is not None:
            return await _yield_turn(connection, slot, pause)
        started = await next_sight(connection)
        try:
            lane, endpoint = _call_for(choice.batch, choice.page, account.endpoints)
            call_id = await account.ledger.reserve(connection, lane, endpoint)
        except BudgetExhaustedError as error:
            return await _wait_for_call(connection, slot, choice.batch, error)
        if slot.account_halted:
            await note_probe(connection, slot.account, pause=HALT_PAUSE)
        return ClaimedLook(
            slot,
            choice.batch,
            started,
            call_id,
            account,
            monotonic(),
            left=choice.left,
            page=choice.page,
            standing=standing,
        )

    async def _pause(
        self, connection: AsyncConnection, slot: ClaimedSlot, standing: Standing
    ) -> Pause | None:
        if standing.is_plentiful or standing.free == 0:  # with none free, the ledger says when one is
            return None
        backlog = await read_backlog(
            connection, slot.account, slot.app_id, free_calls=standing.free, lost_after=self._lost_after
        )
        return pause_for(standing, backlog, slot.app_id)


def _call_for(batch: Batch, page: Page | None, endpoints: Endpoints) -> tuple[Lane, str]:
    if page is not None and endpoints.newest is not None:
        return Lane.SETTLE, endpoints.newest
    if batch.kind is BatchClass.ALONE:
        return Lane.CONFIRM, endpoints.one
    return Lane.SETTLE, endpoints.many


async def _yield_turn(connection: AsyncConnection, slot: ClaimedSlot, pause: Pause) -> NoLook:
    if pause.instead is not None:
        await open_slot(connection, slot.account, pause.instead)
    await release_slot(connection, slot, releases.after_pause(slot, pause.seconds))
    _log.debug("settle.paused", account=slot.account, app=slot.app_id, seconds=round(pause.seconds, 3))
    return NoLook(pause.seconds, pause.instead)


async def _wait_for_call(
    connection: AsyncConnection, slot: ClaimedSlot, batch: Batch, error: BudgetExhaustedError
) -> NoLook:
    """Leave the slot until a call is free; only who must be asked for alone waits where others need not."""
    _log.info("settle.deferred", account=slot.account, app=slot.app_id, until=error.free_at.isoformat())
    if batch.kind is BatchClass.ALONE:
        due = await read_due(connection, slot.account, slot.app_id)
        await defer_deliveries(connection, doubted(due), until=error.free_at)
        await release_slot(connection, slot, releases.after_no_call(slot))
        return NoLook(0.0)
    await release_slot(connection, slot, releases.after_no_call(slot, not_before=error.free_at))
    return NoLook(await seconds_closed(connection, slot.account, slot.app_id))
