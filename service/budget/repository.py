"""The ledger's queries. Counting happens under a lock per account, so it is exact across processes.

The lock is often waited for, so the time is asked at each statement (clock_timestamp) and is not the
transaction's; in a subquery, where it should bound an index: otherwise it is asked, and compared, row by row.
"""

from datetime import datetime, timedelta
from http import HTTPStatus
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.budget.lanes import Lane, Limit
from service.db.locks import Lock, lock
from service.errors import BudgetExhaustedError

MARGIN = timedelta(seconds=2)
"""How much longer than the window a call counts: the provider's clock and the way there."""
FIRST_BLOCK = timedelta(seconds=60)
LONGEST_BLOCK = timedelta(minutes=10)


async def reserve(
    connection: AsyncConnection,
    account: str,
    *,
    limit: Limit,
    lane: Lane,
    endpoint: str,
    longest: timedelta,
    holder: UUID | None,
) -> int:
    """Count a call before it is made; returns its id in `calls`.

    `longest`: how long the call may take. Raises BudgetExhaustedError with the moment at which
    the next call is free.
    """
    await lock(connection, Lock.BUDGET, account)
    probing = await _pass_block(connection, account)
    await _pass_limit(connection, account, limit.usable(lane))
    call_id: int = (
        await connection.execute(
            text(
                """
                INSERT INTO calls (account, lane, endpoint, started_at, counts_until, holder)
                VALUES (:account, :lane, :endpoint, clock_timestamp(),
                clock_timestamp() + :longest + :window, :holder) RETURNING id"""
            ),
            {
                "account": account,
                "lane": lane,
                "endpoint": endpoint,
                "longest": longest,
                "window": limit.window,
                "holder": holder,
            },
        )
    ).scalar_one()
    if probing:
        await connection.execute(
            text(
                """
                UPDATE blocks SET probe_call_id = :id, probe_until = clock_timestamp() + :longest
                WHERE account = :account"""
            ),
            {"id": call_id, "account": account, "longest": longest},
        )
    return call_id


async def _pass_block(connection: AsyncConnection, account: str) -> bool:
    """Tell whether this call is the one probe after a block; raise while no call may pass."""
    block = (
        await connection.execute(
            text(
                """
                SELECT greatest(blocked_until, probe_until) AS free_at,
                greatest(blocked_until, probe_until) <= clock_timestamp() AS passed
                FROM blocks WHERE account = :account"""
            ),
            {"account": account},
        )
    ).one_or_none()
    if block is None:
        return False
    if not block.passed:
        raise BudgetExhaustedError(account, block.free_at)
    return True


async def _pass_limit(connection: AsyncConnection, account: str, usable: int) -> None:
    """Raise when `usable` calls or more count now. The newest `usable` decide when the next is free."""
    free_at: datetime | None = (
        await connection.execute(
            text(
                """
                SELECT counts_until FROM calls WHERE account = :account
                AND counts_until > (SELECT clock_timestamp())
                ORDER BY counts_until DESC OFFSET :before LIMIT 1"""
            ),
            {"account": account, "before": usable - 1},
        )
    ).scalar_one_or_none()
    if free_at is not None:
        raise BudgetExhaustedError(account, free_at)


async def finish(connection: AsyncConnection, call_id: int, *, window: timedelta, status: int | None) -> None:
    """Note that a call is over. `status` is the HTTP status, None when there was no answer.

    A 429 blocks the account: for 60 s, and twice as long (up to 10 minutes) when the probe after a block
    is refused too. A probe that is answered otherwise ends the block.
    """
    account: str = (
        await connection.execute(
            text(
                """
                UPDATE calls SET finished_at = clock_timestamp(), status = :status,
                counts_until = clock_timestamp() + :window + :margin WHERE id = :id RETURNING account"""
            ),
            {"id": call_id, "status": status, "window": window, "margin": MARGIN},
        )
    ).scalar_one()
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        await _block(connection, account, call_id)
    elif status is None:
        await connection.execute(
            text("UPDATE blocks SET probe_call_id = NULL, probe_until = NULL WHERE probe_call_id = :id"),
            {"id": call_id},
        )
    else:
        await connection.execute(text("DELETE FROM blocks WHERE probe_call_id = :id"), {"id": call_id})


async def _block(connection: AsyncConnection, account: str, call_id: int) -> None:
    # Several calls under way may all be refused: only the probe's refusal makes the block longer.
    await connection.execute(
        text(
            """
            INSERT INTO blocks AS block (account, blocked_until, seconds)
            VALUES (:account, clock_timestamp() + :first, extract(epoch FROM CAST(:first AS interval)))
            ON CONFLICT (account) DO UPDATE SET probe_call_id = NULL, probe_until = NULL,
            seconds = least(block.seconds * 2, extract(epoch FROM CAST(:longest AS interval))),
            blocked_until = clock_timestamp() + make_interval(secs => least(block.seconds * 2,
            extract(epoch FROM CAST(:longest AS interval))))
            WHERE block.probe_call_id = :id"""
        ),
        {"account": account, "id": call_id, "first": FIRST_BLOCK, "longest": LONGEST_BLOCK},
    )
