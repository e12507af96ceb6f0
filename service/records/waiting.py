"""Which apps of an account wait for a look, and how much waits in each: what pacing needs to know."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.budget.pacing import Waiting
from service.db.processes import HOLDER_LOST
from service.transport.batch_size import FIRST_BATCH, LARGEST_BATCH, allowed

_COUNTED_AT_MOST = 50_000
"""How many due deliveries of an app are counted: 250 full batches."""

# From app to app along the index of unfinished deliveries, then along the due ones of each.
_BACKLOG = text(f"""
    WITH RECURSIVE app AS (
        (SELECT app_id FROM deliveries WHERE account = :account AND status IN ('pending', 'recheck')
            ORDER BY account, app_id LIMIT 1)
        UNION ALL SELECT next.app_id FROM app CROSS JOIN LATERAL (
            SELECT app_id FROM deliveries WHERE account = :account AND status IN ('pending', 'recheck')
            AND app_id > app.app_id ORDER BY account, app_id LIMIT 1) AS next)
    SELECT app.app_id, due.records, coalesce(slots.batch_size, {FIRST_BATCH}) AS batch_size,
        extract(epoch FROM clock_timestamp() - greatest(due.since, slots.looked_at)) AS age,
        CASE WHEN slots.ceiling_until > now() THEN slots.batch_ceiling END AS ceiling,
        app.app_id = :own OR slots.token IS NULL OR {HOLDER_LOST.format(holder="slots.holder")} AS is_free
    FROM app LEFT JOIN slots ON slots.account = :account AND slots.app_id = app.app_id
    CROSS JOIN LATERAL (
        SELECT count(DISTINCT record_id) AS records, min(due_at) AS since
        FROM (SELECT record_id, due_at FROM deliveries WHERE account = :account
            AND deliveries.app_id = app.app_id AND status IN ('pending', 'recheck') AND due_at <= now()
            ORDER BY account, app_id, due_at LIMIT :at_most) AS counted) AS due
    WHERE due.records > 0
    AND (slots.next_at IS NULL OR slots.next_at <= now() OR (slots.failures = 0 AND slots.halted IS NULL))""")

# Whoever holds the row is claiming the slot anyway; waiting for it, he might be waiting for us.
_OPEN = text("""
    WITH closed AS (SELECT account, app_id FROM slots WHERE account = :account AND app_id = :app_id
        AND token IS NULL AND next_at > now() AND failures = 0 AND halted IS NULL FOR UPDATE SKIP LOCKED)
    UPDATE slots SET next_at = now() FROM closed
    WHERE slots.account = closed.account AND slots.app_id = closed.app_id""")


@dataclass(frozen=True, slots=True)
class Backlog:
    """What is due of an account's apps, without those that wait after a failure."""

    waiting: tuple[Waiting, ...] = ()
    free: frozenset[str] = frozenset()
    """The apps that nobody else is looking at: one of them may be next."""

    @property
    def calls(self) -> int:
        """How many calls it takes."""
        return sum(each.calls for each in self.waiting)

    @property
    def next(self) -> tuple[Waiting, ...]:
        """Those that may be next."""
        return tuple(each for each in self.waiting if each.app_id in self.free)


async def read_backlog(
    connection: AsyncConnection, account: str, app_id: str, *, free_calls: int, lost_after: timedelta
) -> Backlog:
    """Count what is due of an account, for whoever has claimed the slot of `app_id`.

    No more of an app than all `free_calls` could settle: whether it all fits is what is asked.
    """
    rows = (
        await connection.execute(
            _BACKLOG,
            {
                "account": account,
                "own": app_id,
                "lost_after": lost_after,
                "at_most": min(_COUNTED_AT_MOST, (free_calls + 1) * LARGEST_BATCH),
            },
        )
    ).all()
    waiting = tuple(
        Waiting(row.app_id, row.records, max(0.0, float(row.age)), allowed(row.batch_size, row.ceiling))
        for row in rows
    )
    return Backlog(waiting, frozenset(row.app_id for row in rows if row.is_free))


async def open_slot(connection: AsyncConnection, account: str, app_id: str) -> None:
    """Let an app's look begin now, unless it waits after a failure, or somebody is claiming its slot."""
    await connection.execute(_OPEN, {"account": account, "app_id": app_id})
