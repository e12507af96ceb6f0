"""How much of an account's budget is used now, by which lanes, and when there is more or nothing left."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.budget.forecast import exhausted_in
from service.budget.lanes import Lane, Limit
from service.db.counting import COUNTED_AT_MOST

_RATE_SHARE = 1 / 12
"""The rate is that of the last twelfth of the window: of an hour, five minutes."""

# The order is that of the index: it is read, whatever the planner believes of how many rows there are.
_LANES = text("""
    SELECT lane, count(*) AS used, count(*) FILTER (WHERE started_at > now() - :lately) AS lately
    FROM (SELECT lane, started_at FROM calls WHERE account = :account AND counts_until > now()
        ORDER BY counts_until DESC LIMIT :calls) AS counting
    GROUP BY lane""")
_LESSON = text("""
    SELECT now() AS moment, ceiling, ceiling_until,
        CASE WHEN seconds > 0 THEN greatest(blocked_until, probe_until) END AS blocked_until
    FROM (SELECT) AS one LEFT JOIN blocks ON account = :account""")
_FREE_AT = text("""
    SELECT counts_until FROM calls WHERE account = :account AND counts_until > now()
    ORDER BY counts_until DESC OFFSET :before LIMIT 1""")
_RETURNING = text("""
    SELECT counts_until FROM calls WHERE account = :account AND counts_until > now()
    ORDER BY counts_until LIMIT :most""")


@dataclass(frozen=True, slots=True)
class Usage:
    """One account's budget at this moment."""

    account: str
    moment: datetime
    used: int
    """Calls that count now; not more than `configured` are counted."""
    lanes: Mapping[Lane, int]
    """What they are for; every lane."""
    limit: int
    """How many may count: those of the configuration, or fewer while a refusal is heeded."""
    usable: int
    """How many of them settling may use."""
    configured: int
    free_at: datetime | None
    """When settling has a call again; None: it has one now."""
    next_back_at: datetime | None = None
    """When the next call stops to count; None: none counts."""
    exhausted_at: datetime | None = None
    """When settling has none left, at the rate of the last minutes; None: never, or it has none now."""
    ceiling_until: datetime | None = None
    """Until when `limit` is lower than configured; None: it is not."""
    blocked_until: datetime | None = None
    """The provider answered 429: no call before this moment."""


@dataclass(frozen=True, slots=True)
class CallView:
    """One call as it stands in the ledger."""

    id: int
    lane: str
    endpoint: str
    started_at: datetime
    finished_at: datetime | None
    status: int | None
    """The HTTP status; None: there was no answer (yet)."""


async def read_call(connection: AsyncConnection, call_id: int) -> CallView | None:
    """Read one call; None: it is not kept any more."""
    row = (
        await connection.execute(
            text("SELECT id, lane, endpoint, started_at, finished_at, status FROM calls WHERE id = :id"),
            {"id": call_id},
        )
    ).one_or_none()
    return None if row is None else CallView(*row)


async def read_usage(connection: AsyncConnection, account: str, limit: Limit) -> Usage:
    """Measure an account's budget. The count is no promise: `reserve` alone decides."""
    lesson = (await connection.execute(_LESSON, {"account": account})).one()
    moment: datetime = lesson.moment
    held = lesson.ceiling is not None and lesson.ceiling_until > moment and lesson.ceiling < limit.calls
    in_force = limit.held_to(lesson.ceiling) if held else limit
    lately = limit.window * _RATE_SHARE
    values = {"account": account, "lately": lately, "calls": limit.calls}
    rows = (await connection.execute(_LANES, values)).all()
    by_lane = {row.lane: row.used for row in rows}
    used, usable = sum(by_lane.values()), in_force.usable(Lane.SETTLE)
    free_at = (
        await connection.execute(_FREE_AT, {"account": account, "before": usable - 1})
    ).scalar_one_or_none()
    back = await connection.execute(_RETURNING, {"account": account, "most": COUNTED_AT_MOST})
    returning = [(at - moment).total_seconds() for at in back.scalars()]
    rate = sum(row.lately for row in rows) / lately.total_seconds()
    left = exhausted_in(free=usable - used, rate=rate, returning=returning) if free_at is None else None
    return Usage(
        account=account,
        moment=moment,
        used=used,
        lanes={lane: by_lane.get(lane, 0) for lane in Lane},
        limit=in_force.calls,
        usable=usable,
        configured=limit.calls,
        free_at=free_at,
        next_back_at=moment + timedelta(seconds=returning[0]) if returning else None,
        exhausted_at=None if left is None else moment + timedelta(seconds=left),
        ceiling_until=lesson.ceiling_until if held else None,
        blocked_until=_after(moment, lesson.blocked_until),
    )


def _after(moment: datetime, at: datetime | None) -> datetime | None:
    return at if at is not None and at > moment else None
