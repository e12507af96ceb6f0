"""What becomes of a look whose call brought no answer: its deliveries stay due, its slot is given back."""

from datetime import timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.alarms.repository import AlarmName, raise_alarm
from service.changes.decision import ALONE_AT
from service.clock import format_duration
from service.errors import AccountRefusedError, BatchTooLargeError, RelayError
from service.handlers.clipping import ERROR_LENGTH, clip
from service.inbox.batching import BatchClass
from service.inbox.repository import Verdict, store_verdicts
from service.lifecycle import DeliveryStatus
from service.pipeline.halts import accept_account, refuse_account, shows_acceptance
from service.pipeline.settling import releases
from service.pipeline.settling.looks import ClaimedLook
from service.records.halts import HALT_PAUSE
from service.records.slots import ClaimedSlot, hold_slot, release_slot

_log = structlog.get_logger()


async def give_up(engine: AsyncEngine, look: ClaimedLook, error: Exception, *, jitter: float) -> None:
    """Give the slot back after a call that brought no answer; its deliveries stay due."""
    slot, batch = look.slot, look.batch
    async with engine.begin() as connection:
        if not await hold_slot(connection, slot):
            return
        if isinstance(error, BatchTooLargeError) and len(batch.deliveries) == 1:
            await _ask_alone(connection, look, error)
        if isinstance(error, AccountRefusedError):
            await refuse_account(connection, slot.account, error)
        elif slot.account_halted and shows_acceptance(error):
            await accept_account(connection, slot.account)
        if releases.halts(error) and not isinstance(error, AccountRefusedError):
            subject = f"{slot.account}/{slot.app_id}"
            await raise_alarm(connection, AlarmName.APP_HALTED, subject, _halted(slot, error))
        asked = len(batch.deliveries)
        release = releases.after_failure(slot, error, asked=asked, jitter=jitter, page=look.page)
        await release_slot(connection, slot, release)
    _log.warning(
        "settle.failed",
        account=slot.account,
        app=slot.app_id,
        asked=len(batch.deliveries),
        error=str(error) if isinstance(error, RelayError) else repr(error),
        exc_info=None if isinstance(error, RelayError) else error,
    )


async def _ask_alone(connection: AsyncConnection, look: ClaimedLook, error: Exception) -> None:
    # One record can't be too many: its id is what the provider refuses. By its own path it may be known.
    (due,) = look.batch.deliveries.values()
    doubted = look.batch.kind is BatchClass.ALONE or any(one.hint.looks > ALONE_AT for one in due)
    verdict = (
        Verdict(DeliveryStatus.DEAD, reason=reason_of(error))
        if doubted
        else Verdict(DeliveryStatus.RECHECK, reason=reason_of(error), again_in=timedelta(0), looks=ALONE_AT)
    )
    await store_verdicts(connection, {one.hint.id: verdict for one in due}, call_id=look.call_id)


def _halted(slot: ClaimedSlot, error: Exception) -> str:
    said = clip(str(error), ERROR_LENGTH)
    return (
        f"account {slot.account}, app {slot.app_id}: {said}; its deliveries wait, and it is asked again"
        f" every {format_duration(HALT_PAUSE)}"
    )


def reason_of(error: Exception) -> str:
    """Write an error as a reason that is stored: its kind and message, clipped."""
    return clip(f"{type(error).__name__}: {error}", ERROR_LENGTH)
