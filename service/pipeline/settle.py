"""settle(account, app): turn an app's pending deliveries into changes (DESIGN §5).

    tx1  claim the slot · read due deliveries · take a sight · reserve a call
    --   ask the provider
    tx2  only with the slot's token · store what was seen · release the slot
    --   ring again if more is due, and for the new runs

Whoever loses the slot in between writes nothing. What the provider answered is stored however long our
own database keeps us waiting: a call is never paid twice.
"""

import random
from collections.abc import Callable, Mapping
from datetime import timedelta
from time import monotonic
from uuid import UUID, uuid4

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.alarms.repository import AlarmName, clear_alarm
from service.budget.lanes import Lane
from service.changes.decision import Sight
from service.changes.types import Answer, Fields
from service.db.failures import is_our_fault
from service.db.persisting import persist
from service.errors import BudgetExhaustedError, LeaseLostError
from service.inbox.batching import BatchClass, choose_batch
from service.inbox.repository import Verdict, is_due, read_due, store_verdicts
from service.lifecycle import DeliveryStatus
from service.pipeline import releases
from service.pipeline.bells import Bells
from service.pipeline.failed_looks import give_up, reason_of
from service.pipeline.halts import accept_account
from service.pipeline.looks import ClaimedLook, SettledAccount
from service.pipeline.rulebook import Rulebook
from service.pipeline.sights import Recheck, Sights, Stored, store_sights
from service.records.halts import note_probe, read_rest
from service.records.repository import next_sight
from service.records.slots import (
    ClaimedSlot,
    Release,
    claim_slot,
    hold_slot,
    release_slot,
    take_back_claim,
)

_log = structlog.get_logger()


class Settler:
    """Settles apps for one process."""

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        process_id: UUID,
        lost_after: timedelta,
        accounts: Mapping[str, SettledAccount],
        rulebook: Rulebook,
        recheck: Recheck,
        bells: Bells,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._engine, self._process_id, self._lost_after = engine, process_id, lost_after
        self._accounts, self._rulebook, self._recheck, self._bells = accounts, rulebook, recheck, bells
        self._jitter = jitter

    async def settle(self, account: str, app_id: str) -> None:
        """Look once at an app's due deliveries. Does nothing when somebody else has the slot.

        An account that left the configuration is left alone: its deliveries wait.
        """
        if account not in self._accounts:
            _log.warning("account.not_found", account=account, app=app_id)
            return
        look = await self._claim(account, app_id)
        if look is None:
            return
        try:
            answer = await self._ask(look)
        except Exception as error:  # noqa: BLE001  whatever it is, the slot must be given back
            failure = error
            await persist(lambda: give_up(self._engine, look, failure, jitter=self._jitter()))
        else:
            await self._store(look, answer)
        await self._look_again(account, app_id)

    async def _claim(self, account: str, app_id: str) -> ClaimedLook | None:
        token = uuid4()
        try:
            async with self._engine.begin() as connection:
                return await self._claim_on(connection, account, app_id, token)
        except Exception as error:
            if is_our_fault(error):
                # It may be committed all the same: a slot that we hold and don't know of would stay shut.
                await persist(lambda: self._take_back(account, app_id, token))
            raise

    async def _claim_on(
        self, connection: AsyncConnection, account: str, app_id: str, token: UUID
    ) -> ClaimedLook | None:
        settled = self._accounts[account]
        slot = await claim_slot(
            connection, account, app_id, token=token, holder=self._process_id, lost_after=self._lost_after
        )
        if slot is None:
            return None
        batch = choose_batch(await read_due(connection, account, app_id), slot.batch_size)
        if batch is None:
            await release_slot(connection, slot, releases.after_no_call(slot))
            return None
        rest = await read_rest(connection, account) if slot.account_halted else None
        if rest is not None:
            released = releases.while_halted(slot, until=rest.until, reason=rest.reason)
            await release_slot(connection, slot, released)
            return None
        started = await next_sight(connection)
        try:
            call_id = await settled.ledger.reserve(connection, Lane.SETTLE, settled.endpoint)
        except BudgetExhaustedError as error:
            _log.info("settle.deferred", account=account, app=app_id, until=error.free_at.isoformat())
            await release_slot(connection, slot, releases.after_no_call(slot, not_before=error.free_at))
            return None
        if slot.account_halted:
            await note_probe(connection, account, pause=releases.HALT_PAUSE)
        return ClaimedLook(slot, batch, started, call_id, settled, monotonic())

    async def _take_back(self, account: str, app_id: str, token: UUID) -> None:
        async with self._engine.begin() as connection:
            await take_back_claim(connection, account, app_id, token)

    async def _ask(self, look: ClaimedLook) -> Answer:
        source = look.account.source(look.account.ledger.prepaid(look.call_id))
        if look.batch.kind is BatchClass.ALONE:
            return await source.fetch_one(look.slot.app_id, look.batch.record_ids[0])
        return await source.fetch_many(look.slot.app_id, look.batch.record_ids)

    async def _store(self, look: ClaimedLook, answer: Answer) -> None:
        sights = Sights(
            account=look.slot.account,
            provider=look.account.provider,
            app_id=look.slot.app_id,
            started=look.started,
            seen=_by_record(answer),
            due=look.batch.deliveries,
            alone=look.batch.kind is BatchClass.ALONE,
            call_id=look.call_id,
        )
        release = releases.after_success(look.slot, asked=len(look.batch.deliveries))
        try:
            stored = await self._store_halving(look, sights, release)
        except LeaseLostError:
            _log.warning("slot.lost", account=look.slot.account, app=look.slot.app_id)
            return
        _log.info(
            "app.settled",
            account=look.slot.account,
            app=look.slot.app_id,
            asked=len(sights.seen),
            absent=len(answer.absent),
            changes=stored.changes,
            runs=stored.runs,
            unchanged=stored.unchanged,
            again=stored.again,
            dead=stored.dead,
            call=look.call_id,
            seconds=round(monotonic() - look.began, 3),
        )
        for handler in sorted(stored.handlers):
            self._bells.ring_run(handler)

    async def _store_halving(self, look: ClaimedLook, sights: Sights, release: Release | None) -> Stored:
        """Store what was seen and release the slot; what can't be stored is found by halving, and dies."""
        try:
            return await persist(lambda: self._write(look.slot, sights, release))
        except LeaseLostError:
            raise
        except Exception as error:  # noqa: BLE001  a rule or a value of one record can raise anything
            failure = error
        record_ids = list(sights.seen)
        if len(record_ids) == 1:
            return await persist(lambda: self._bury(look, sights, failure, release))
        middle = len(record_ids) // 2
        first = await self._store_halving(look, sights.part(record_ids[:middle]), None)
        return first + await self._store_halving(look, sights.part(record_ids[middle:]), release)

    async def _write(self, slot: ClaimedSlot, sights: Sights, release: Release | None) -> Stored:
        async with self._engine.begin() as connection:
            await _hold(connection, slot)
            stored = await store_sights(connection, sights, self._rulebook, self._recheck)
            if slot.halted:
                await clear_alarm(connection, AlarmName.APP_HALTED, f"{slot.account}/{slot.app_id}")
            if slot.account_halted:
                await accept_account(connection, slot.account)
            if release is not None:
                await release_slot(connection, slot, release)
        return stored

    async def _bury(
        self, look: ClaimedLook, sights: Sights, failure: Exception, release: Release | None
    ) -> Stored:
        """Let the deliveries of the one record die whose values can't be stored or judged."""
        ((record_id, due),) = sights.due.items()
        _log.error(
            "record.poisoned", account=sights.account, app=sights.app_id, record=record_id, exc_info=failure
        )
        dead = Verdict(DeliveryStatus.DEAD, reason=reason_of(failure))
        async with self._engine.begin() as connection:
            await _hold(connection, look.slot)
            await store_verdicts(
                connection, {delivery.hint.id: dead for delivery in due}, call_id=look.call_id
            )
            if release is not None:
                await release_slot(connection, look.slot, release)
        return Stored(dead=len(due))

    async def _look_again(self, account: str, app_id: str) -> None:
        async with self._engine.connect() as connection:
            if await is_due(connection, account, app_id):
                self._bells.ring_settle(account, app_id)


async def _hold(connection: AsyncConnection, slot: ClaimedSlot) -> None:
    if not await hold_slot(connection, slot):
        raise LeaseLostError(f"the slot of {slot.account}/{slot.app_id} is somebody else's")


def _by_record(answer: Answer) -> dict[str, Fields | Sight]:
    return {
        **answer.found,
        **dict.fromkeys(answer.absent, Sight.ABSENT),
        **dict.fromkeys(answer.hidden, Sight.HIDDEN),
    }
