"""How much of an account's budget is used now, and when there is more."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.budget.lanes import Lane, Limit

_USAGE = text("""
    SELECT
        (SELECT count(*) FROM (SELECT FROM calls WHERE account = :account AND counts_until > now()
            ORDER BY counts_until DESC LIMIT :calls) AS counting) AS used,
        (SELECT counts_until FROM calls WHERE account = :account AND counts_until > now()
            ORDER BY counts_until DESC OFFSET :before LIMIT 1) AS free_at,
        (SELECT greatest(blocked_until, probe_until) FROM blocks WHERE account = :account
            AND greatest(blocked_until, probe_until) > now()) AS blocked_until""")


@dataclass(frozen=True, slots=True)
class Usage:
    """One account's budget at this moment."""

    account: str
    used: int
    """Calls that count now; not more than `limit` are counted."""
    limit: int
    usable: int
    """How many of them settling may use."""
    free_at: datetime | None
    """When settling has a call again; None: it has one now."""
    blocked_until: datetime | None
    """The provider answered 429: no call before this moment."""


async def read_usage(connection: AsyncConnection, account: str, limit: Limit) -> Usage:
    """Measure an account's budget. The count is no promise: `reserve` alone decides."""
    usable = limit.usable(Lane.SETTLE)
    row = (
        await connection.execute(_USAGE, {"account": account, "calls": limit.calls, "before": usable - 1})
    ).one()
    return Usage(account, row.used, limit.calls, usable, row.free_at, row.blocked_until)
