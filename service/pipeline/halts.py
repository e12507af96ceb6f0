"""An account is refused, or accepted again: one place for all that follows from it.

Its halt is locked before its alarm, here and everywhere.
"""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.alarms.repository import AlarmName, clear_alarm, raise_alarm
from service.clock import format_duration
from service.db.persisting import persist
from service.errors import AppRefusedError, BatchSpoiltError, BatchTooLargeError
from service.handlers.clipping import ERROR_LENGTH, clip
from service.records.halts import HALT_PAUSE, end_halt, halt_account, let_halted_try

_ANSWERS = (AppRefusedError, BatchSpoiltError, BatchTooLargeError)


async def refuse_account(connection: AsyncConnection, account: str, error: Exception) -> None:
    """Halt an account: none of its apps is asked for, except one now and then; raises its alarm once."""
    said = clip(str(error), ERROR_LENGTH)
    await halt_account(connection, account, reason=said, pause=HALT_PAUSE)
    message = (
        f"account {account}: {said}; the deliveries of all its apps wait, and it is asked again"
        f" every {format_duration(HALT_PAUSE)}, or at once by a worker that starts with another token"
    )
    await raise_alarm(connection, AlarmName.ACCOUNT_HALTED, account, message)


async def accept_account(connection: AsyncConnection, account: str) -> Sequence[str]:
    """End an account's halt: its credentials work. Gives the apps that waited for it and are due now."""
    woken = await end_halt(connection, account)
    await clear_alarm(connection, AlarmName.ACCOUNT_HALTED, account)
    return woken


async def try_halted(engine: AsyncEngine, accounts: Sequence[str]) -> None:
    """Let halted accounts be asked once: this process has just started, perhaps with other credentials."""

    async def write() -> None:
        async with engine.begin() as connection:
            await let_halted_try(connection, accounts)

    await persist(write)


def shows_acceptance(error: Exception) -> bool:
    """Tell whether a failed look was refused for what it asked, so that who asked was accepted."""
    return isinstance(error, _ANSWERS)
