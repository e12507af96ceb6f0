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
from service.budget.lessons import note_answered, note_probe, note_refused, note_unanswered, read_lesson
from service.db.locks import Lock, lock
from service.errors import BudgetExhaustedError

MARGIN = timedelta(seconds=2)
"""How much longer than the window a call counts: the provider's clock and the way there."""

_INSERT = text("""
    INSERT INTO calls (account, lane, endpoint, started_at, counts_until, holder)
    VALUES (:account, :lane, :endpoint, clock_timestamp(),
    clock_timestamp() + :longest + :window, :holder) RETURNING id""")
_FINISH = text("""
    UPDATE calls SET finished_at = clock_timestamp(), status = :status,
    counts_until = clock_timestamp() + :window + :margin WHERE id = :id RETURNING account""")

# The newest of them decide when fewer than `most` count.
_FREE_AT = text("""
    SELECT counts_until FROM calls WHERE account = :account
    AND counts_until > (SELECT clock_timestamp())
    ORDER BY counts_until DESC OFFSET :most - 1 LIMIT 1""")
_OWN_FREE_AT = text("""
    SELECT counts_until FROM calls WHERE account = :account AND lane = :lane
    AND counts_until > (SELECT clock_timestamp())
    ORDER BY counts_until DESC OFFSET :most - 1 LIMIT 1""")


async def reserve(
    connection: AsyncConnection,
    account: str,
    *,
    limit: Limit,
    lane: Lane,
    endpoint: str,
    longest: timedelta,
    holder: UUID | None,
    leave: int = 0,
) -> int:
    """Count a call before it is made; returns its id in `calls`.

    `longest`: how long the call may take; `leave`: how many of the calls that are the lane's own are left to
    others of the lane, which matter more. Raises BudgetExhaustedError with the moment at which the lane
    may have its next call.
    """
    await lock(connection, Lock.BUDGET, account)
    lesson = await read_lesson(connection, account, limit)
    if lesson is not None and lesson.wait_until is not None:
        raise BudgetExhaustedError(account, lesson.wait_until)
    in_force = limit if lesson is None else lesson.limit
    await _pass_limit(connection, account, lane, in_force, leave=leave)
    call_id: int = (
        await connection.execute(
            _INSERT,
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
    if lesson is not None and lesson.probing:
        await note_probe(connection, account, call_id, longest=longest)
    return call_id


async def _pass_limit(
    connection: AsyncConnection, account: str, lane: Lane, limit: Limit, *, leave: int
) -> None:
    """Raise while too many calls count, of all lanes or of this one."""
    values = {"account": account, "most": limit.usable(lane)}
    free_at: datetime | None = (await connection.execute(_FREE_AT, values)).scalar_one_or_none()
    own = limit.own(lane)
    if own is not None:
        values = {"account": account, "lane": lane, "most": max(1, own - leave)}
        own_free_at: datetime | None = (await connection.execute(_OWN_FREE_AT, values)).scalar_one_or_none()
        free_at = max((at for at in (free_at, own_free_at) if at is not None), default=None)
    if free_at is not None:
        raise BudgetExhaustedError(account, free_at)


async def finish(connection: AsyncConnection, call_id: int, *, limit: Limit, status: int | None) -> None:
    """Note that a call is over, and what it teaches. `status` is the HTTP status, None without an answer."""
    account: str = (
        await connection.execute(
            _FINISH, {"id": call_id, "status": status, "window": limit.window, "margin": MARGIN}
        )
    ).scalar_one()
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        await note_refused(connection, account, call_id, limit=limit, lasts=limit.window + MARGIN)
    elif status is None:
        await note_unanswered(connection, call_id)
    else:
        await note_answered(connection, call_id, limit=limit)
