"""An account's budget as settling finds it, read under the ledger's lock: nobody else counts meanwhile."""

from dataclasses import replace

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.budget.lanes import Lane, Limit
from service.budget.pacing import Standing
from service.db.locks import Lock, lock

_STANDING = text("""
    SELECT count(*) AS used,
        extract(epoch FROM clock_timestamp() - max(started_at) FILTER (WHERE lane = :lane)) AS since_last,
        (SELECT ceiling FROM blocks WHERE account = :account AND ceiling_until > clock_timestamp()) AS ceiling
    FROM calls WHERE account = :account AND counts_until > (SELECT clock_timestamp())""")
_RETURNING = text("""
    SELECT extract(epoch FROM counts_until - clock_timestamp()) FROM calls
    WHERE account = :account AND counts_until > (SELECT clock_timestamp()) ORDER BY counts_until""")


async def read_standing(connection: AsyncConnection, account: str, limit: Limit) -> Standing:
    """Measure an account's budget for settling. The lock is held until the caller's transaction ends.

    When each call comes back is read only where somebody may have to wait: it is every call that counts.
    """
    await lock(connection, Lock.BUDGET, account)
    row = (await connection.execute(_STANDING, {"account": account, "lane": Lane.SETTLE})).one()
    in_force = limit if row.ceiling is None else limit.held_to(row.ceiling)
    standing = Standing(
        used=row.used,
        usable=in_force.usable(Lane.SETTLE),
        window=limit.window.total_seconds(),
        since_last=None if row.since_last is None else max(0.0, float(row.since_last)),
    )
    if standing.is_plentiful:
        return standing
    returning = (await connection.execute(_RETURNING, {"account": account})).scalars()
    return replace(standing, returning=tuple(max(0.0, float(back)) for back in returning))
