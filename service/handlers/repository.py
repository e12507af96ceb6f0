"""Every query of runs that the pipeline needs, beside claiming (`claims`) and marking (`marking`) them."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.handlers.loops import HELD_UNTIL


@dataclass(frozen=True, slots=True)
class NewRun:
    """A run to be stored."""

    id: UUID
    change_id: UUID
    record_id: str
    rule: str
    handler: str
    ordered: bool
    awaits_links: bool = False
    """Whether it waits until its linked records are there (`service.links`)."""
    is_replay: bool = False
    """Whether it is one more run of its change, rule and handler."""
    current_state: bool = False
    """Whether its handler sees the record as it is when it is called, not as the change left it."""
    held: str | None = None
    """Why it does not begin before a person lets it (`service.handlers.loops`)."""


async def insert_runs(
    connection: AsyncConnection, account: str, app_id: str, runs: Sequence[NewRun], *, rules_digest: str
) -> None:
    """Store runs of records that this transaction holds, in the order given; `rules_digest` made them.

    An ordered run waits when an unfinished run of its record and handler stands before it; one that awaits
    its links joins these when it has them.
    """
    await connection.execute(
        text(
            """
            WITH new AS (
                SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:change_ids AS uuid[]),
                    CAST(:record_ids AS text[]), CAST(:rules AS text[]), CAST(:handlers AS text[]),
                    CAST(:ordered AS boolean[]), CAST(:awaiting AS boolean[]),
                    CAST(:held AS text[]), CAST(:replays AS boolean[]), CAST(:current AS boolean[]))
                    WITH ORDINALITY AS given (id, change_id, record_id, rule, handler, ordered,
                        awaits_links, held, is_replay, current_state, place))
            INSERT INTO runs (id, change_id, account, app_id, record_id, rule, handler, ordered,
                rules_digest, current_state, replay, next_at, error, status)
            SELECT id, change_id, :account, :app_id, record_id, rule, handler, ordered, :rules_digest,
                current_state,
                CASE WHEN is_replay THEN (SELECT 1 + coalesce(max(replay), -1) FROM runs AS made
                    WHERE made.change_id = new.change_id AND made.rule = new.rule
                    AND made.handler = new.handler) ELSE 0 END,
                CASE WHEN held IS NULL THEN now() ELSE :held_until END, held,
                CASE WHEN awaits_links THEN 'pending_links' WHEN ordered AND (
                    row_number() OVER (PARTITION BY record_id, handler ORDER BY place) > 1
                    OR EXISTS (
                        SELECT FROM runs AS earlier WHERE earlier.account = :account
                        AND earlier.app_id = :app_id AND earlier.record_id = new.record_id
                        AND earlier.handler = new.handler AND earlier.ordered
                        AND earlier.status IN ('pending_links', 'waiting', 'ready', 'running')))
                THEN 'waiting' ELSE 'ready' END
            FROM new ORDER BY place"""
        ),
        {
            "account": account,
            "app_id": app_id,
            "rules_digest": rules_digest,
            "ids": [run.id for run in runs],
            "change_ids": [run.change_id for run in runs],
            "record_ids": [run.record_id for run in runs],
            "rules": [run.rule for run in runs],
            "handlers": [run.handler for run in runs],
            "ordered": [run.ordered for run in runs],
            "awaiting": [run.awaits_links for run in runs],
            "held": [run.held for run in runs],
            "held_until": HELD_UNTIL,
            "replays": [run.is_replay for run in runs],
            "current": [run.current_state for run in runs],
        },
    )


async def handlers_to_run(connection: AsyncConnection) -> list[str]:
    """List the handlers that have a due ready run, and are neither paused nor left alone for failing."""
    rows = await connection.execute(
        text(
            """
            WITH RECURSIVE handler AS (
                (SELECT handler AS name FROM runs WHERE status = 'ready' ORDER BY handler LIMIT 1)
                UNION ALL SELECT (SELECT handler FROM runs
                    WHERE status = 'ready' AND runs.handler > handler.name ORDER BY handler LIMIT 1)
                FROM handler WHERE handler.name IS NOT NULL)
            SELECT name FROM handler WHERE name IS NOT NULL AND EXISTS (
                SELECT FROM runs WHERE runs.handler = name AND status = 'ready' AND next_at <= now())
            AND NOT EXISTS (
                SELECT FROM handler_states WHERE handler = name AND (paused_at IS NOT NULL
                OR probe_at > now()))"""
        )
    )
    return [row.name for row in rows]
