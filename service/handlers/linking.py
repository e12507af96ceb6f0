"""Runs whose linked records are there, or given up: they join the other runs of their record and handler."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.lifecycle import RunStatus

Matches = Sequence[tuple[UUID, str]]
"""Changes, each with the name of a rule."""


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
            """
            UPDATE runs SET next_at = now(), status = CASE WHEN ordered AND EXISTS (
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
