"""Every query of runs and attempts that the pipeline needs.

The time of a claim is asked in a subquery: so it bounds the index, and runs that wait for their next try
are not read.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.db.locks import Lock, lock
from service.db.processes import HOLDER_LOST
from service.lifecycle import AttemptOutcome, RunStatus


@dataclass(frozen=True, slots=True)
class NewRun:
    """A run to be stored."""

    id: UUID
    change_id: UUID
    record_id: str
    rule: str
    handler: str
    ordered: bool


@dataclass(frozen=True, slots=True)
class ClaimedRun:
    """A run that is ours until we mark it, or our process is lost."""

    id: UUID
    token: UUID
    change_id: UUID
    account: str
    app_id: str
    record_id: str
    rule: str
    handler: str
    number: int
    """The attempt's number, counted from 1 over every try."""
    attempts: int
    """Tries that count against the handler's `retry` list, this one included."""


@dataclass(frozen=True, slots=True)
class Mark:
    """How an attempt ended, and what that makes of its run."""

    outcome: AttemptOutcome
    status: RunStatus
    next_in: timedelta | None = None
    """For a run that is ready again: after how long."""
    not_before: datetime | None = None
    """And not before this moment."""
    error: str | None = None
    detail: dict[str, Any] | None = None


async def insert_runs(connection: AsyncConnection, account: str, app_id: str, runs: Sequence[NewRun]) -> None:
    """Store runs of records that this transaction holds, in the order given.

    An ordered run waits when an unfinished run of its record and handler stands before it.
    """
    await connection.execute(
        text(
            """
            WITH new AS (
                SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:change_ids AS uuid[]),
                    CAST(:record_ids AS text[]), CAST(:rules AS text[]), CAST(:handlers AS text[]),
                    CAST(:ordered AS boolean[])) WITH ORDINALITY
                    AS given (id, change_id, record_id, rule, handler, ordered, place))
            INSERT INTO runs (id, change_id, account, app_id, record_id, rule, handler, ordered, status)
            SELECT id, change_id, :account, :app_id, record_id, rule, handler, ordered,
                CASE WHEN ordered AND (
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
            "ids": [run.id for run in runs],
            "change_ids": [run.change_id for run in runs],
            "record_ids": [run.record_id for run in runs],
            "rules": [run.rule for run in runs],
            "handlers": [run.handler for run in runs],
            "ordered": [run.ordered for run in runs],
        },
    )


async def claim_run(
    connection: AsyncConnection, handler: str, *, concurrency: int, token: UUID, holder: UUID
) -> ClaimedRun | None:
    """Claim the longest due ready run of a handler and write its attempt.

    None: none is due, or `concurrency` runs of the handler are under way.
    """
    await lock(connection, Lock.HANDLER, handler)
    values = {"handler": handler, "token": token, "holder": holder, "concurrency": concurrency}
    row = (
        await connection.execute(
            text(
                """
                UPDATE runs SET status = 'running', token = :token, holder = :holder, attempts = attempts + 1
                WHERE id = (SELECT id FROM runs WHERE handler = :handler AND status = 'ready'
                    AND next_at <= (SELECT clock_timestamp())
                    ORDER BY next_at, seq LIMIT 1 FOR UPDATE SKIP LOCKED)
                AND (SELECT count(*) FROM runs WHERE handler = :handler AND status = 'running') < :concurrency
                RETURNING id, change_id, account, app_id, record_id, rule, attempts"""
            ),
            values,
        )
    ).one_or_none()
    if row is None:
        return None
    number: int = (
        await connection.execute(
            text(
                """
                INSERT INTO attempts (run_id, number, token, process_id)
                SELECT :run_id, coalesce(max(number), 0) + 1, :token, :holder FROM attempts
                WHERE run_id = :run_id RETURNING number"""
            ),
            {"run_id": row.id, "token": token, "holder": holder},
        )
    ).scalar_one()
    return ClaimedRun(
        id=row.id,
        token=token,
        change_id=row.change_id,
        account=row.account,
        app_id=row.app_id,
        record_id=row.record_id,
        rule=row.rule,
        handler=handler,
        number=number,
        attempts=row.attempts,
    )


async def is_run_due(connection: AsyncConnection, handler: str, *, concurrency: int) -> bool:
    """Tell whether a run of the handler could be claimed now."""
    row = await connection.execute(
        text(
            """
            SELECT FROM runs WHERE handler = :handler AND status = 'ready'
            AND next_at <= (SELECT clock_timestamp())
            AND (SELECT count(*) FROM runs WHERE handler = :handler AND status = 'running') < :concurrency
            LIMIT 1"""
        ),
        {"handler": handler, "concurrency": concurrency},
    )
    return row.one_or_none() is not None


async def mark_run(connection: AsyncConnection, run: ClaimedRun, mark: Mark) -> bool:
    """Store how an attempt ended. False: the run is not ours any more; the caller must roll back.

    Locks the record, then the run. A run that is finished lets the record's next one go ahead.
    """
    await lock_run_record(connection, run.account, run.app_id, run.record_id)
    finished = mark.status is not RunStatus.READY
    row = (
        await connection.execute(
            text(
                """
                UPDATE runs SET status = :status, token = NULL, holder = NULL, error = :error,
                    next_at = CASE WHEN :finished THEN next_at ELSE greatest(now() + :next_in,
                        CAST(:not_before AS timestamptz)) END,
                    finished_at = CASE WHEN :finished THEN now() END,
                    attempts = attempts - :uncounted
                WHERE id = :id AND token = :token AND status = 'running' RETURNING ordered"""
            ),
            {
                "id": run.id,
                "token": run.token,
                "status": mark.status,
                "error": mark.error,
                "finished": finished,
                "next_in": mark.next_in or timedelta(0),
                "not_before": mark.not_before,
                "uncounted": int(mark.outcome is AttemptOutcome.DEFERRED),
            },
        )
    ).one_or_none()
    if row is None:
        return False
    await connection.execute(
        text(
            """
            UPDATE attempts SET finished_at = now(), outcome = :outcome, error = :error,
                detail = CAST(:detail AS jsonb) WHERE run_id = :id AND token = :token"""
        ),
        {
            "id": run.id,
            "token": run.token,
            "outcome": mark.outcome,
            "error": mark.error,
            "detail": None if mark.detail is None else json.dumps(mark.detail),
        },
    )
    if finished and row.ordered:
        await promote_next(connection, run.account, run.app_id, run.record_id, run.handler)
    return True


async def lock_run_record(connection: AsyncConnection, account: str, app_id: str, record_id: str) -> None:
    """Lock the record of a run: who creates, finishes or promotes its runs does it one at a time."""
    await connection.execute(
        text(
            """
            SELECT FROM records WHERE account = :account AND app_id = :app_id AND record_id = :record_id
            FOR UPDATE"""
        ),
        {"account": account, "app_id": app_id, "record_id": record_id},
    )


async def promote_next(
    connection: AsyncConnection, account: str, app_id: str, record_id: str, handler: str
) -> None:
    """Let the earliest waiting run of a record and handler go ahead. The record must be locked."""
    await connection.execute(
        text(
            """
            UPDATE runs SET status = 'ready', next_at = now() WHERE id = (
                SELECT id FROM runs WHERE account = :account AND app_id = :app_id AND record_id = :record_id
                AND handler = :handler AND status = 'waiting' ORDER BY seq LIMIT 1)"""
        ),
        {"account": account, "app_id": app_id, "record_id": record_id, "handler": handler},
    )


_CLAIMED = """
    SELECT runs.id, runs.token, runs.change_id, runs.account, runs.app_id, runs.record_id, runs.rule,
        runs.handler, runs.attempts, attempts.number
    FROM runs JOIN attempts ON attempts.run_id = runs.id AND attempts.token = runs.token
    WHERE runs.status = 'running'"""


async def read_claimed_run(connection: AsyncConnection, handler: str, token: UUID) -> ClaimedRun | None:
    """Read the run of a handler that was claimed with this token; None if the claim was never committed.

    Waits for a claim that is still being committed.
    """
    await lock(connection, Lock.HANDLER, handler)
    row = (
        (await connection.execute(text(f"{_CLAIMED} AND runs.token = :token"), {"token": token}))
        .mappings()
        .one_or_none()
    )
    return None if row is None else ClaimedRun(**row)


async def read_lost_runs(connection: AsyncConnection, *, lost_after: timedelta) -> list[ClaimedRun]:
    """Read the runs whose process was lost while it worked on them."""
    lost = HOLDER_LOST.format(holder="runs.holder")
    rows = await connection.execute(
        text(f"{_CLAIMED} AND {lost} ORDER BY runs.seq LIMIT 100"), {"lost_after": lost_after}
    )
    return [ClaimedRun(**row) for row in rows.mappings()]


async def handlers_to_run(connection: AsyncConnection) -> list[str]:
    """List the handlers that have a due ready run."""
    rows = await connection.execute(
        text(
            """
            WITH RECURSIVE handler AS (
                (SELECT handler AS name FROM runs WHERE status = 'ready' ORDER BY handler LIMIT 1)
                UNION ALL SELECT (SELECT handler FROM runs
                    WHERE status = 'ready' AND runs.handler > handler.name ORDER BY handler LIMIT 1)
                FROM handler WHERE handler.name IS NOT NULL)
            SELECT name FROM handler WHERE name IS NOT NULL AND EXISTS (
                SELECT FROM runs WHERE runs.handler = name AND status = 'ready' AND next_at <= now())"""
        )
    )
    return [row.name for row in rows]
