"""Runs whose linked records are there, or given up: they join the other runs of their record and handler.

Those of a rule that turns out not to apply are skipped: they are finished, and hold nothing back any more.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.handlers.loops import NOW_UNLESS_HELD
from service.lifecycle import RunStatus

Match = tuple[UUID, str]
"""A change, with the name of a rule."""
Matches = Sequence[Match]

# Not the next one of several: the first unfinished one, and only where none is under way. The run that was
# skipped may have stood behind one that runs.
_LET_NEXT_GO = f"""
    UPDATE runs SET status = 'ready', next_at = {NOW_UNLESS_HELD} WHERE status = 'waiting' AND id = ANY(ARRAY(
        SELECT first.id FROM (SELECT DISTINCT account, app_id, record_id, handler FROM runs
            WHERE id = ANY(:past)) AS past
        CROSS JOIN LATERAL (SELECT id FROM runs AS next WHERE next.account = past.account
            AND next.app_id = past.app_id AND next.record_id = past.record_id
            AND next.handler = past.handler AND next.ordered
            AND next.status IN ('pending_links', 'waiting', 'ready', 'running')
            ORDER BY seq LIMIT 1) AS first
        WHERE NOT EXISTS (SELECT FROM runs AS begun WHERE begun.account = past.account
            AND begun.app_id = past.app_id AND begun.record_id = past.record_id
            AND begun.handler = past.handler AND begun.ordered
            AND begun.status IN ('ready', 'running'))))
    RETURNING handler"""


async def lock_records_of(connection: AsyncConnection, matches: Matches) -> None:
    """Lock the records of some changes: who creates, finishes or frees their runs does it one at a time.

    A statement of its own, so that the next one sees what those who held them have committed.
    """
    await connection.execute(
        text(
            """
            SELECT FROM records WHERE (account, app_id, record_id) IN (
                SELECT account, app_id, record_id FROM changes WHERE id = ANY(:change_ids))
            ORDER BY account, app_id, record_id COLLATE "C" FOR UPDATE"""
        ),
        {"change_ids": [change_id for change_id, _ in matches]},
    )


async def free_runs(connection: AsyncConnection, matches: Matches) -> list[str]:
    """Let the runs of these matches go on that await their links; the records must be locked.

    An ordered run waits when an unfinished run of its record and handler stands before it. Returns the
    handlers that have one more run ready.
    """
    rows = await connection.execute(
        text(
            f"""
            UPDATE runs SET next_at = {NOW_UNLESS_HELD}, status = CASE WHEN ordered AND EXISTS (
                SELECT FROM runs AS earlier WHERE earlier.account = runs.account
                AND earlier.app_id = runs.app_id AND earlier.record_id = runs.record_id
                AND earlier.handler = runs.handler AND earlier.ordered AND earlier.seq < runs.seq
                AND earlier.status IN ('pending_links', 'waiting', 'ready', 'running'))
            THEN 'waiting' ELSE 'ready' END
            WHERE status = 'pending_links' AND id = ANY(ARRAY(
                SELECT awaiting.id FROM unnest(CAST(:change_ids AS uuid[]), CAST(:rules AS text[]))
                    AS freed (change_id, rule)
                CROSS JOIN LATERAL (SELECT id FROM runs AS own WHERE own.change_id = freed.change_id
                    AND own.rule = freed.rule OFFSET 0) AS awaiting))
            RETURNING handler, status"""
        ),
        {"change_ids": [change_id for change_id, _ in matches], "rules": [rule for _, rule in matches]},
    )
    return sorted({row.handler for row in rows if row.status == RunStatus.READY})


async def skip_runs(connection: AsyncConnection, reasons: Mapping[Match, str]) -> list[UUID]:
    """Finish the runs of these matches that await their links, for their rule does not apply.

    The records must be locked. Returns their ids: `let_next_go` must follow in the same transaction.
    """
    ordered = sorted(reasons)
    rows = await connection.execute(
        text(
            """
            UPDATE runs SET status = 'skipped', error = skipped.reason, finished_at = now()
            FROM (SELECT awaiting.id, given.reason FROM unnest(CAST(:change_ids AS uuid[]),
                    CAST(:rules AS text[]), CAST(:reasons AS text[])) AS given (change_id, rule, reason)
                CROSS JOIN LATERAL (SELECT id FROM runs AS own WHERE own.change_id = given.change_id
                    AND own.rule = given.rule OFFSET 0) AS awaiting) AS skipped
            WHERE runs.id = skipped.id AND status = 'pending_links' RETURNING runs.id"""
        ),
        {
            "change_ids": [change_id for change_id, _ in ordered],
            "rules": [rule for _, rule in ordered],
            "reasons": [reasons[match] for match in ordered],
        },
    )
    return [row.id for row in rows]


async def let_next_go(connection: AsyncConnection, skipped: Sequence[UUID]) -> list[str]:
    """Let the next run of each record and handler go ahead that waited for one of these skipped runs.

    The records must be locked. One that awaits its own links, or stands behind a run that is under way, goes
    on waiting. Returns the handlers that have one more run ready.
    """
    rows = await connection.execute(text(_LET_NEXT_GO), {"past": list(skipped)})
    return sorted({row.handler for row in rows})
