"""Halts: accounts whose credentials the provider refuses. One look is tried now and then, all else waits.

A halt is one row for each account, locked after the slot of whoever looks at it, before the budget. Whoever
may look says so in the row in the same transaction as it pays its call: so there is one such look at a time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

HALT_PAUSE = timedelta(minutes=5)
"""How often what the provider refuses is tried again: whoever mends it need not tell us."""

# Slots that somebody else holds are left to them: they look at the halt before they release theirs.
_WAKE = """
    UPDATE slots SET next_at = now() WHERE (account, app_id) IN (
        SELECT account, app_id FROM slots
        WHERE {account} AND halted IS NOT NULL AND token IS NULL AND next_at > now()
        ORDER BY account, app_id FOR UPDATE SKIP LOCKED)
    RETURNING app_id"""


@dataclass(frozen=True, slots=True)
class Rest:
    """How long a halted account is left alone, and why."""

    until: datetime
    reason: str


async def halt_account(connection: AsyncConnection, account: str, *, reason: str, pause: timedelta) -> None:
    """Halt an account, or go on with it: nobody asks before `pause` is over."""
    await connection.execute(
        text(
            """
            INSERT INTO halts (account, reason, next_at)
            VALUES (:account, :reason, clock_timestamp() + :pause)
            ON CONFLICT (account) DO UPDATE SET reason = excluded.reason, next_at = excluded.next_at"""
        ),
        {"account": account, "reason": reason, "pause": pause},
    )


async def read_rest(connection: AsyncConnection, account: str) -> Rest | None:
    """Lock the account's halt and tell how long it is left alone; None: it may be asked now."""
    row = (
        await connection.execute(
            text(
                """
                SELECT next_at, reason, next_at > clock_timestamp() AS rests FROM halts
                WHERE account = :account FOR UPDATE"""
            ),
            {"account": account},
        )
    ).one_or_none()
    return Rest(row.next_at, row.reason) if row is not None and row.rests else None


async def note_probe(connection: AsyncConnection, account: str, *, pause: timedelta) -> bool:
    """Say that an account is being asked: if it is halted (True), nobody else does before `pause` is over."""
    noted = await connection.execute(
        text(
            """
            UPDATE halts SET next_at = clock_timestamp() + :pause WHERE account = :account RETURNING 1"""
        ),
        {"account": account, "pause": pause},
    )
    return noted.one_or_none() is not None


async def end_halt(connection: AsyncConnection, account: str) -> Sequence[str]:
    """End the account's halt, if it is halted; gives the apps that waited for it and are due now.

    First the halt, then the slots: who still reads the halt is waited for, and its slot is found released.
    """
    values = {"account": account}
    ended = await connection.execute(text("DELETE FROM halts WHERE account = :account RETURNING 1"), values)
    if ended.one_or_none() is None:
        return ()
    woken = await connection.execute(text(_WAKE.format(account="account = :account")), values)
    return [row.app_id for row in woken]


async def let_halted_try(connection: AsyncConnection, accounts: Sequence[str]) -> None:
    """Let halted accounts be asked once now: a process has started, perhaps with other credentials."""
    values = {"accounts": sorted(accounts)}
    await connection.execute(
        text("UPDATE halts SET next_at = clock_timestamp() WHERE account = ANY(:accounts)"), values
    )
    await connection.execute(text(_WAKE.format(account="account = ANY(:accounts)")), values)
