"""Runs that are held because their handler seems to cause the changes itself. Every query on that.

A held run is one whose `next_at` is `HELD_UNTIL`: it begins when a person resumes its handler, and those
behind it wait as they do for any other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.db.base import status_in
from service.lifecycle import RUN_UNFINISHED

HELD_UNTIL = datetime(9999, 1, 1, tzinfo=UTC)
"""No moment that comes by itself; not `infinity`, which Python can't read."""
HELD = f"next_at >= '{HELD_UNTIL:%Y-%m-%d}+00'"
"""The SQL condition of a held run."""
NOW_UNLESS_HELD = f"CASE WHEN {HELD} THEN next_at ELSE now() END"
"""When a run is due whose turn it is, in SQL."""

_CHANGES_FOR_EACH = 20
"""So many changes are looked back for each run that may be made: of some the rule matched none."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """A record and a handler with a new run, and how often it may run."""

    record_id: str
    handler: str
    runs: int
    within: timedelta


async def count_recent(
    connection: AsyncConnection, account: str, app_id: str, suspects: Sequence[Suspect]
) -> list[int]:
    """Count for each suspect the runs made within its time, but since it was resumed, in their order.

    Replays are not counted, nor runs whose rule turned out not to apply.
    """
    rows = await connection.execute(
        text(
            f"""
            SELECT recent.runs FROM unnest(CAST(:record_ids AS text[]), CAST(:handlers AS text[]),
                CAST(:most AS integer[]), CAST(:within AS interval[])) WITH ORDINALITY
                AS given (record_id, handler, most, within, place)
            LEFT JOIN handler_states AS state ON state.handler = given.handler
            CROSS JOIN LATERAL (
                SELECT count(*) AS runs FROM (
                    SELECT id, created_at FROM changes WHERE changes.account = :account
                    AND changes.app_id = :app_id AND changes.record_id = given.record_id
                    ORDER BY version DESC LIMIT {_CHANGES_FOR_EACH} * given.most) AS change
                JOIN runs ON runs.change_id = change.id AND runs.handler = given.handler
                    AND runs.replay = 0 AND runs.status <> 'skipped'
                WHERE change.created_at > greatest(now() - given.within, state.resumed_at)) AS recent
            ORDER BY given.place"""
        ),
        {
            "account": account,
            "app_id": app_id,
            "record_ids": [each.record_id for each in suspects],
            "handlers": [each.handler for each in suspects],
            "most": [each.runs for each in suspects],
            "within": [each.within for each in suspects],
        },
    )
    return [row.runs for row in rows]


async def let_held_go(connection: AsyncConnection, handler: str) -> int:
    """Let the held runs of a handler begin when it is their turn; tells how many there were."""
    rows = await connection.execute(
        text(
            f"""
            WITH held AS (
                UPDATE runs SET next_at = now(), error = NULL
                WHERE handler = :handler AND {HELD} AND {status_in(RUN_UNFINISHED)} RETURNING 1)
            SELECT count(*) FROM held"""
        ),
        {"handler": handler},
    )
    return int(rows.scalar_one())
