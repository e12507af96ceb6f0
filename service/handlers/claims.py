"""Claiming runs: as many of a handler as begin at once, each with its attempt and what its handler sees.

On the driver itself, and in one trip to the server: DESIGN §7.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.db.driver import DriverConnection
from service.db.locks import Lock
from service.db.processes import HOLDER_LOST


@dataclass(frozen=True, slots=True)
class ClaimedRun:
    """A run that is ours until we mark it, or our process is lost."""

    id: UUID
    token: UUID
    """The claim's: shared by the runs that were claimed together, never by two claims of one run."""
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
class ClaimedChange:
    """The change of a claimed run, as it is stored."""

    version: int
    kind: str
    origin: str
    restored: bool
    diff: dict[str, list[Any]] | None
    record: dict[str, Any] | None
    deliveries: int
    created_at: datetime
    app_name: str | None
    """None: `webhooks apply` never stored the app."""
    linked: dict[str, list[dict[str, Any]]] | None
    """By path, the linked records that the rule asks for; None: it asks for none."""
    gaps: dict[str, list[str]] | None


_RUN = """runs.id, runs.token, runs.change_id, runs.account, runs.app_id, runs.record_id, runs.rule,
        runs.handler, attempts.number, runs.attempts"""
_RUN_COLUMNS = len(ClaimedRun.__slots__)

_SEEN = f"""
    SELECT {_RUN}, changes.version, changes.kind, changes.origin, changes.restored, changes.diff,
        changes.after, changes.deliveries, changes.created_at, apps.name, expansions.linked, expansions.gaps
    FROM {{runs}} AS runs JOIN {{attempts}} AS attempts ON attempts.run_id = runs.id
        AND attempts.token = runs.token
    JOIN changes ON changes.id = runs.change_id
    LEFT JOIN apps ON apps.account = runs.account AND apps.app_id = runs.app_id
    LEFT JOIN expansions ON expansions.change_id = runs.change_id AND expansions.rule = runs.rule"""

# The time is asked in a subquery: so it bounds the index. An array of ids, not a join with them: whatever the
# planner believes of how many are due, it looks up those few.
_CLAIM = f"""
    WITH due AS MATERIALIZED (
        SELECT id FROM runs WHERE handler = %(handler)s AND status = 'ready'
        AND next_at <= (SELECT clock_timestamp()) ORDER BY next_at, seq
        LIMIT (SELECT greatest(0, least(%(most)s, %(concurrency)s - count(*))) FROM runs
            WHERE handler = %(handler)s AND status = 'running')
        FOR UPDATE SKIP LOCKED),
    claimed AS (
        UPDATE runs SET status = 'running', token = %(token)s, holder = %(holder)s, attempts = attempts + 1
        WHERE id = ANY(ARRAY(SELECT id FROM due)) RETURNING *),
    tried AS (
        INSERT INTO attempts (run_id, number, token, process_id)
        SELECT id, 1 + coalesce((SELECT max(number) FROM attempts WHERE run_id = claimed.id), 0),
            token, holder
        FROM claimed ORDER BY next_at, seq RETURNING run_id, number, token)
    {_SEEN.format(runs="claimed", attempts="tried")} ORDER BY runs.next_at, runs.seq"""

_CLAIMED = f"{_SEEN.format(runs='runs', attempts='attempts')} WHERE runs.status = 'running'"

_LOCK = "SELECT pg_advisory_xact_lock(%(kind)s, hashtext(%(handler)s))"


async def claim_runs(
    connection: DriverConnection, handler: str, *, concurrency: int, most: int, token: UUID, holder: UUID
) -> list[tuple[ClaimedRun, ClaimedChange]]:
    """Claim the longest due ready runs of a handler and write their attempts, in that order.

    At most `most`, and only so many that no more than `concurrency` runs of the handler are under way: two
    who claim at the same time take turns, and the second one's statement begins after the first one's
    commit, so it counts what that one took. That is why the lock is a statement of its own.
    """
    values = {
        "handler": handler,
        "concurrency": concurrency,
        "most": most,
        "token": token,
        "holder": holder,
    }
    async with connection.pipeline():
        await connection.execute(_LOCK, {"kind": int(Lock.HANDLER), "handler": handler}, prepare=True)
        claimed = await connection.execute(_CLAIM, values, prepare=True)
    return [_in_hand(row) for row in await claimed.fetchall()]


async def read_claimed_runs(
    connection: DriverConnection, handler: str, token: UUID
) -> list[tuple[ClaimedRun, ClaimedChange]]:
    """Read the runs of a handler that were claimed with this token; none if the claim was never committed.

    Waits for a claim that is still being committed.
    """
    await connection.execute(_LOCK, {"kind": int(Lock.HANDLER), "handler": handler})
    claimed = await connection.execute(
        f"{_CLAIMED} AND runs.handler = %(handler)s AND runs.token = %(token)s"
        " ORDER BY runs.next_at, runs.seq".encode(),
        {"handler": handler, "token": token},
    )
    return [_in_hand(row) for row in await claimed.fetchall()]


async def read_lost_runs(connection: AsyncConnection, *, lost_after: timedelta) -> list[ClaimedRun]:
    """Read the runs whose process was lost while it worked on them."""
    lost = HOLDER_LOST.format(holder="runs.holder")
    rows = await connection.execute(
        text(
            f"""
            SELECT {_RUN} FROM runs JOIN attempts ON attempts.run_id = runs.id AND attempts.token = runs.token
            WHERE runs.status = 'running' AND {lost} ORDER BY runs.seq LIMIT 100"""
        ),
        {"lost_after": lost_after},
    )
    return [ClaimedRun(*row) for row in rows]


def _in_hand(row: tuple[Any, ...]) -> tuple[ClaimedRun, ClaimedChange]:
    return ClaimedRun(*row[:_RUN_COLUMNS]), ClaimedChange(*row[_RUN_COLUMNS:])
