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
    handler_failing: bool = False
    """Whether its handler's last attempt had failed when it was claimed (`service.handlers.states`)."""


@dataclass(frozen=True, slots=True)
class ClaimedChange:
    """The change of a claimed run, as it is stored."""

    version: int
    kind: str
    origin: str
    restored: bool
    echoed: list[str] | None
    diff: dict[str, list[Any]] | None
    record: dict[str, Any] | None
    deliveries: int
    created_at: datetime
    app_name: str | None
    """None: `webhooks apply` never stored the app."""
    linked: dict[str, list[dict[str, Any]]] | None
    """By path, the linked records that the rule asks for; None: it asks for none."""
    gaps: dict[str, list[str]] | None


@dataclass(frozen=True, slots=True)
class Claim:
    """What one look at a handler's runs gave."""

    runs: list[tuple[ClaimedRun, ClaimedChange]]
    next_in: float | None
    """In how many seconds the next one can be claimed, if none ends before; None: that is not known, for none
    is ready, as many as may be are under way, or the handler is paused. Nor where some were claimed and the
    handler has no rate: who has them looks again when one ends."""


@dataclass(frozen=True, slots=True)
class Claiming:
    """How a handler's runs may be claimed, as the configuration says."""

    handler: str
    concurrency: int
    """At most so many are under way at once."""
    every: timedelta | None = None
    """How long from the beginning of one to that of the next (`rate`)."""
    breaks: bool = False
    """Whether it is left alone while it fails (`breaker`)."""


CATCH_UP = timedelta(seconds=0.1)
"""So much of a `rate` that was missed is caught up: claims come a little late, and it would never be met."""

_RUN = """runs.id, runs.token, runs.change_id, runs.account, runs.app_id, runs.record_id, runs.rule,
        runs.handler, attempts.number, runs.attempts"""
_FAILING = "EXISTS (SELECT FROM handler_states WHERE handler = %(handler)s AND failures_in_row > 0)"
_RUN_COLUMNS = len(ClaimedRun.__slots__)
_KIND_NOW = """CASE WHEN state = 'deleted' THEN 'delete' WHEN changes.kind = 'delete' THEN 'update'
                ELSE changes.kind END"""


def _now_or_then(now: str, then: str) -> str:
    """What a handler sees: of a replay with the current state, what the record has now."""
    return f"""CASE WHEN runs.current_state THEN (SELECT {now} FROM records
            WHERE records.account = runs.account AND records.app_id = runs.app_id
            AND records.record_id = runs.record_id) ELSE {then} END"""


_SEEN = f"""
    SELECT {_RUN}, {_FAILING}, {_now_or_then("version", "changes.version")},
        {_now_or_then(_KIND_NOW, "changes.kind")}, changes.origin, changes.restored,
        changes.echoed, CASE WHEN NOT runs.current_state THEN changes.diff END,
        {_now_or_then("fields", "changes.after")},
        changes.deliveries, changes.created_at, apps.name, expansions.linked, expansions.gaps
    FROM {{runs}} AS runs JOIN {{attempts}} AS attempts ON attempts.run_id = runs.id
        AND attempts.token = runs.token
    JOIN changes ON changes.id = runs.change_id
    LEFT JOIN apps ON apps.account = runs.account AND apps.app_id = runs.app_id
    LEFT JOIN expansions ON expansions.change_id = runs.change_id AND expansions.rule = runs.rule"""

# While its breaker is open, one run is under way at most: the one that is tried when it is time for it.
_ROOM = """
        SELECT greatest(0, least(%(most)s, CASE
            WHEN paused_at IS NOT NULL THEN 0
            WHEN %(breaks)s AND opened_at IS NOT NULL
                THEN CASE WHEN probe_at <= now() THEN 1 - under_way ELSE 0 END
            ELSE %(concurrency)s - under_way END{paced}))::bigint
        FROM (SELECT count(*) AS under_way FROM runs
            WHERE handler = %(handler)s AND status = 'running') AS running
        LEFT JOIN handler_states ON handler = %(handler)s"""

# The generic cell rate algorithm, by the time at which the transaction began: who waited for the lock loses.
_DUE_TO_START = "greatest(next_start_at, now() - %(catch_up)s::interval)"
_PACED_ROOM = _ROOM.format(
    paced=f"""
            , 1 + floor(extract(epoch FROM now() - {_DUE_TO_START}) / %(every)s)"""
)
_PACE = f"""
    paced AS (
        INSERT INTO handler_states (handler, next_start_at)
        SELECT %(handler)s, (SELECT {_DUE_TO_START} FROM (VALUES (1)) AS one
                LEFT JOIN handler_states ON handler = %(handler)s)
            + make_interval(secs => count(*) * %(every)s) FROM claimed HAVING count(*) > 0
        ON CONFLICT (handler) DO UPDATE SET next_start_at = excluded.next_start_at),"""

# The time is asked in a subquery: so it bounds the index. An array of ids, not a join with them: whatever the
# planner believes of how many are due, it looks up those few.
_CLAIM = f"""
    WITH due AS MATERIALIZED (
        SELECT id FROM runs WHERE handler = %(handler)s AND status = 'ready'
        AND next_at <= (SELECT clock_timestamp()) ORDER BY next_at, seq
        LIMIT ({{room}})
        FOR UPDATE SKIP LOCKED),
    claimed AS (
        UPDATE runs SET status = 'running', token = %(token)s, holder = %(holder)s, attempts = attempts + 1
        WHERE id = ANY(ARRAY(SELECT id FROM due)) RETURNING *),{{pace}}
    tried AS (
        INSERT INTO attempts (run_id, number, token, process_id)
        SELECT id, 1 + coalesce((SELECT max(number) FROM attempts WHERE run_id = claimed.id), 0),
            token, holder
        FROM claimed ORDER BY next_at, seq RETURNING run_id, number, token)
    {_SEEN.format(runs="claimed", attempts="tried")} ORDER BY runs.next_at, runs.seq"""
_CLAIM_AT_ONCE = _CLAIM.format(room=_ROOM.format(paced=""), pace="")
_CLAIM_PACED = _CLAIM.format(room=_PACED_ROOM, pace=_PACE)

_CLAIMED = f"{_SEEN.format(runs='runs', attempts='attempts')} WHERE runs.status = 'running'"

_NEXT_IN = """
    SELECT extract(epoch FROM greatest(first.next_at, CASE WHEN %(breaks)s THEN probe_at END,
        CASE WHEN %(paced)s THEN next_start_at END) - clock_timestamp())::float8
    FROM (SELECT next_at FROM runs WHERE handler = %(handler)s AND status = 'ready'
        ORDER BY next_at, seq LIMIT 1) AS first
    LEFT JOIN handler_states ON handler = %(handler)s
    WHERE paused_at IS NULL
    AND (SELECT count(*) FROM runs WHERE handler = %(handler)s AND status = 'running')
        < CASE WHEN %(breaks)s AND opened_at IS NOT NULL THEN 1 ELSE %(concurrency)s END"""

_LOCK = "SELECT pg_advisory_xact_lock(%(kind)s, hashtext(%(handler)s))"


async def claim_runs(
    connection: DriverConnection, claiming: Claiming, *, most: int, token: UUID, holder: UUID
) -> Claim:
    """Claim the longest due ready runs of a handler and write their attempts, in that order.

    At most `most`, and only so many as may be under way, and may begin. Two who claim at the same time
    take turns, and the second one's statement begins after the first one's commit: so it counts what that
    one took. That is why the lock is a statement of its own.
    """
    values = {**_known(claiming), "most": most, "token": token, "holder": holder}
    statement = _CLAIM_AT_ONCE if claiming.every is None else _CLAIM_PACED
    async with connection.pipeline():
        await connection.execute(
            _LOCK, {"kind": int(Lock.HANDLER), "handler": claiming.handler}, prepare=True
        )
        claimed = await connection.execute(statement, values, prepare=True)
    runs = [_in_hand(row) for row in await claimed.fetchall()]
    # Each that ends looks for the next one: while any is under way, only a rate lets one begin by itself.
    is_asked = not runs or claiming.every is not None
    return Claim(runs, await next_run_in(connection, claiming) if is_asked else None)


async def next_run_in(connection: DriverConnection, claiming: Claiming) -> float | None:
    """Say in how many seconds a run of the handler can be claimed, as `Claim.next_in`; 0: now."""
    return _seconds(await (await connection.execute(_NEXT_IN, _known(claiming), prepare=True)).fetchone())


def _known(claiming: Claiming) -> dict[str, Any]:
    return {
        "handler": claiming.handler,
        "concurrency": claiming.concurrency,
        "breaks": claiming.breaks,
        "paced": claiming.every is not None,
        "every": 0.0 if claiming.every is None else claiming.every.total_seconds(),
        "catch_up": CATCH_UP,
    }


def _seconds(row: tuple[float] | None) -> float | None:
    return None if row is None else max(0.0, row[0])


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
            SELECT {_RUN}, true FROM runs
            JOIN attempts ON attempts.run_id = runs.id AND attempts.token = runs.token
            WHERE runs.status = 'running' AND {lost} ORDER BY runs.seq LIMIT 100"""
        ),
        {"lost_after": lost_after},
    )
    return [ClaimedRun(*row) for row in rows]


def _in_hand(row: tuple[Any, ...]) -> tuple[ClaimedRun, ClaimedChange]:
    return ClaimedRun(*row[:_RUN_COLUMNS]), ClaimedChange(*row[_RUN_COLUMNS:])
