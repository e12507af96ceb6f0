"""settle(account, app): turn an app's pending deliveries into changes (DESIGN §5).

    tx1  claim the slot · choose among the due deliveries · reserve a call, or wait for one (`claiming`)
    --   ask the provider
    tx2  only with the slot's token · store what was seen · release the slot
    --   come back when the slot opens, if more is due · ring for the new runs

Whoever loses the slot in between writes nothing. What the provider answered is stored however long our
own database keeps us waiting: a call is never paid twice.
"""

import random
from collections.abc import Callable, Mapping
from datetime import timedelta
from time import monotonic
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.alarms.repository import AlarmName, clear_alarm
from service.budget.pacing import GATHER
from service.changes.decision import Recheck, Sight
from service.changes.types import Answer, Fields
from service.db.persisting import persist
from service.errors import LeaseLostError
from service.inbox.batching import BatchClass
from service.inbox.repository import Verdict, store_verdicts
from service.lifecycle import DeliveryStatus
from service.pipeline.bells import Bells
from service.pipeline.halts import accept_account
from service.pipeline.rulebook import Rulebook
from service.pipeline.settling import releases
from service.pipeline.settling.claiming import Claims, NoLook
from service.pipeline.settling.failed_looks import give_up, reason_of
from service.pipeline.settling.looks import ClaimedLook, SettledAccount
from service.pipeline.settling.sights import Sights, Stored, store_sights
from service.pipeline.timers import Timers
from service.records.slots import ClaimedSlot, Release, hold_slot, release_slot, seconds_closed

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
        gather: float = GATHER,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """`gather`: how many seconds after a look at one record the next one of its app begins."""
        self._engine, self._accounts, self._rulebook = engine, accounts, rulebook
        self._recheck, self._bells, self._gather, self._jitter = recheck, bells, gather, jitter
        self._claims = Claims(engine, process_id=process_id, lost_after=lost_after, accounts=accounts)
        self._timers = Timers(bells.ring_settle)

    async def settle(self, account: str, app_id: str) -> None:
        """Look once at an app's due deliveries. Does nothing when somebody else has the slot.

        An account that left the configuration is left alone: its deliveries wait.
        """
        if account not in self._accounts:
            _log.warning("account.not_found", account=account, app=app_id)
            return
        look = await self._claims.claim(account, app_id)
        if isinstance(look, NoLook):
            self._come_back(account, app_id, look)
            return
        try:
            answer = await self._ask(look)
        except Exception as error:  # noqa: BLE001  whatever it is, the slot must be given back
            failure = error
            await persist(lambda: give_up(self._engine, look, failure, jitter=self._jitter()))
        else:
            await self._store(look, answer)
        async with self._engine.connect() as connection:
            again = NoLook(await seconds_closed(connection, account, app_id))
        self._come_back(account, app_id, again)

    def _come_back(self, account: str, app_id: str, later: NoLook) -> None:
        if later.instead is not None:
            self._bells.ring_settle(account, later.instead)
        if later.back_in is not None:
            self._timers.ring_in((account, app_id), later.back_in)

    async def _ask(self, look: ClaimedLook) -> Answer:
        source = look.account.source(look.account.ledger.prepaid(look.call_id))
        if look.page is not None:
            ids, offset = look.batch.record_ids, look.page.offset
            return await source.fetch_newest(look.slot.app_id, ids, offset=offset)
        if look.batch.kind is BatchClass.ALONE:
            return await source.fetch_one(look.slot.app_id, look.batch.record_ids[0])
        return await source.fetch_many(look.slot.app_id, look.batch.record_ids)

    async def _store(self, look: ClaimedLook, answer: Answer) -> None:
        seen = _by_record(answer)
        sights = Sights(
            account=look.slot.account,
            provider=look.account.provider,
            app_id=look.slot.app_id,
            started=look.started,
            seen=seen,
            due={record_id: due for record_id, due in look.batch.deliveries.items() if record_id in seen},
            alone=look.batch.kind is BatchClass.ALONE,
            call_id=look.call_id,
            standing=look.standing,
            computed_in=look.account.computed_in,
        )
        try:
            stored = await self._store_halving(look, sights, self._release(look, found=len(seen)))
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
        if stored.expansions:
            self._bells.ring_expand(look.slot.account)

    def _release(self, look: ClaimedLook, *, found: int) -> Release:
        asked = len(look.batch.deliveries)
        if look.page is None:
            return releases.after_success(
                look.slot,
                asked=asked,
                left=look.left,
                gather=self._gather,
                largest=look.account.largest_batch,
            )
        left = look.left + asked - found
        return releases.after_page(look.slot, look.page, found=found, left=left, gather=self._gather)

    async def _store_halving(self, look: ClaimedLook, sights: Sights, release: Release | None) -> Stored:
        """Store what was seen and release the slot; what can't be stored is found by halving, and dies."""
        try:
            return await persist(lambda: self._write(look.slot, sights, release))
        except LeaseLostError:
            raise
        except Exception as error:  # noqa: BLE001  a rule or a value of one record can raise anything
            failure = error
        record_ids = list(sights.seen)
        if not record_ids:
            raise failure
        if len(record_ids) == 1:
            return await persist(lambda: self._bury(look, sights, failure, release))
        middle = len(record_ids) // 2
        first = await self._store_halving(look, sights.part(record_ids[:middle]), None)
        return first + await self._store_halving(look, sights.part(record_ids[middle:]), release)

    async def _write(self, slot: ClaimedSlot, sights: Sights, release: Release | None) -> Stored:
        async with self._engine.begin() as connection:
            await _hold(connection, slot)
            stored = await store_sights(connection, sights, self._rulebook, self._recheck)
            await _note_answered(connection, slot)
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
            await _note_answered(connection, look.slot)
            if release is not None:
                await release_slot(connection, look.slot, release)
        return Stored(dead=len(due))


async def _hold(connection: AsyncConnection, slot: ClaimedSlot) -> None:
    if not await hold_slot(connection, slot):
        raise LeaseLostError(f"the slot of {slot.account}/{slot.app_id} is somebody else's")


async def _note_answered(connection: AsyncConnection, slot: ClaimedSlot) -> None:
    """End what an earlier refusal began, whatever becomes of the answer."""
    if slot.halted:
        await clear_alarm(connection, AlarmName.APP_HALTED, f"{slot.account}/{slot.app_id}")
    if slot.account_halted:
        await accept_account(connection, slot.account)


def _by_record(answer: Answer) -> dict[str, Fields | Sight]:
    return {
        **answer.found,
        **dict.fromkeys(answer.absent, Sight.ABSENT),
        **dict.fromkeys(answer.hidden, Sight.HIDDEN),
    }
