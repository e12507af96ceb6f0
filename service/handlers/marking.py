"""Storing how attempts ended, and letting the records' next runs go ahead. On the driver itself.

The record is always locked by a statement of its own, before the one that marks: a run that settling stores
meanwhile holds that lock until it is committed, so the second statement sees it waiting, and lets it go. In
one statement it could be committed after that statement's snapshot was taken, and wait for ever.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from service.db.driver import DriverConnection
from service.handlers.claims import ClaimedRun
from service.handlers.loops import NOW_UNLESS_HELD
from service.lifecycle import AttemptOutcome, RunStatus


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
    handler_works: bool | None = None
    """What it tells of the handler, whatever becomes of the run; None: nothing."""


Marks = Sequence[tuple[ClaimedRun, Mark]]

_LOCK_ONE = """
    SELECT FROM records WHERE account = %(account)s AND app_id = %(app_id)s AND record_id = %(record_id)s
    FOR UPDATE"""

_LOCK_FREE = """
    SELECT account, app_id, record_id FROM records WHERE (account, app_id, record_id) IN (
        SELECT * FROM unnest(%(accounts)b::text[], %(app_ids)b::text[], %(record_ids)b::text[]))
    ORDER BY account, app_id, record_id COLLATE "C" FOR UPDATE SKIP LOCKED"""

# The next one may still await its links: then those behind it go on waiting, and it goes when it is freed.
_PROMOTE = """
        UPDATE runs SET status = 'ready', next_at = {due} WHERE status = 'waiting' AND id = ANY(ARRAY(
            SELECT (SELECT id FROM runs AS next WHERE next.account = past.account
                AND next.app_id = past.app_id AND next.record_id = past.record_id
                AND next.handler = past.handler AND next.status IN ('pending_links', 'waiting')
                AND next.ordered ORDER BY seq LIMIT 1)
            FROM {past} AS past))"""

_PROMOTE_NEXT = _PROMOTE.format(
    due=NOW_UNLESS_HELD,
    past="""(SELECT %(account)s::text AS account, %(app_id)s::text AS app_id,
                %(record_id)s::text AS record_id, %(handler)s::text AS handler)""",
)

# `marked` and `promoted` never meet in one row: one was running, the other waits, when the statement began.
_MARK = f"""
    WITH given AS (
        SELECT * FROM jsonb_to_recordset(%(marks)s::jsonb) AS mark (id uuid, token uuid, status text,
            wait float8, not_before timestamptz, outcome text, error text, detail jsonb)),
    marked AS (
        UPDATE runs SET status = given.status, token = NULL, holder = NULL, error = given.error,
            next_at = CASE WHEN given.status = 'ready'
                THEN greatest(now() + make_interval(secs => given.wait), given.not_before)
                ELSE runs.next_at END,
            finished_at = CASE WHEN given.status <> 'ready' THEN now() END,
            attempts = attempts - CASE WHEN given.outcome = 'deferred' THEN 1 ELSE 0 END
        FROM given WHERE runs.id = given.id AND runs.token = given.token AND runs.status = 'running'
        RETURNING runs.id, given.token, account, app_id, record_id, handler,
            ordered AND given.status <> 'ready' AS lets_next_go, given.outcome, given.error, given.detail),
    noted AS (
        UPDATE attempts SET finished_at = now(), outcome = marked.outcome, error = marked.error,
            detail = marked.detail
        FROM marked WHERE attempts.run_id = marked.id AND attempts.token = marked.token),
    promoted AS ({_PROMOTE.format(due=NOW_UNLESS_HELD, past="(SELECT * FROM marked WHERE lets_next_go)")})
    SELECT id, token FROM marked"""


async def lock_record(connection: DriverConnection, account: str, app_id: str, record_id: str) -> None:
    """Lock the record of a run: who creates, finishes or promotes its runs does it one at a time."""
    await connection.execute(_LOCK_ONE, {"account": account, "app_id": app_id, "record_id": record_id})


async def promote_next(
    connection: DriverConnection, account: str, app_id: str, record_id: str, handler: str
) -> None:
    """Let the earliest waiting run of a record and handler go ahead. The record must be locked."""
    values = {"account": account, "app_id": app_id, "record_id": record_id, "handler": handler}
    await connection.execute(_PROMOTE_NEXT, values)


async def mark_run(connection: DriverConnection, run: ClaimedRun, mark: Mark) -> bool:
    """Store how an attempt ended. False: the run is not ours any more; the caller must roll back.

    Waits for the record, then locks the run. A run that is finished lets the record's next one go ahead.
    """
    await lock_record(connection, run.account, run.app_id, run.record_id)
    return bool(await mark_locked_runs(connection, [(run, mark)]))


async def mark_runs(connection: DriverConnection, marks: Marks) -> Mapping[ClaimedRun, bool]:
    """Store how several attempts ended, as `mark_run` does each: True, or False for who lost its run.

    Runs whose record is held by somebody else, or is gone, are left out of the answer and of the database:
    nobody waits here because another's record is busy.
    """
    ours = await lock_free_records(connection, [run for run, _ in marks])
    free = [(run, mark) for run, mark in marks if (run.account, run.app_id, run.record_id) in ours]
    if not free:
        return {}
    marked = await mark_locked_runs(connection, free)
    return {run: (run.id, run.token) in marked for run, _ in free}


async def lock_free_records(
    connection: DriverConnection, runs: Sequence[ClaimedRun]
) -> set[tuple[str, str, str]]:
    """Lock those of the runs' records that nobody else holds; gives their accounts, apps and ids."""
    locked = await connection.execute(
        _LOCK_FREE,
        {
            "accounts": [run.account for run in runs],
            "app_ids": [run.app_id for run in runs],
            "record_ids": [run.record_id for run in runs],
        },
        prepare=True,
    )
    return set(await locked.fetchall())


async def mark_locked_runs(connection: DriverConnection, marks: Marks) -> set[tuple[UUID, UUID]]:
    """Store how attempts at runs of locked records ended; gives id and token of those that were ours."""
    ordered = sorted(marks, key=lambda each: each[0].id)
    marked = await connection.execute(
        _MARK, {"marks": json.dumps([_told(run, mark) for run, mark in ordered])}, prepare=True
    )
    return set(await marked.fetchall())


def _told(run: ClaimedRun, mark: Mark) -> dict[str, Any]:
    return {
        "id": str(run.id),
        "token": str(run.token),
        "status": mark.status,
        "wait": 0.0 if mark.next_in is None else mark.next_in.total_seconds(),
        "not_before": None if mark.not_before is None else mark.not_before.isoformat(),
        "outcome": mark.outcome,
        "error": mark.error,
        "detail": mark.detail,
    }
