"""Every query of snapshots and changes that settling needs; all set-based, one statement per batch."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.changes.decision import Memory, Snapshot
from service.changes.types import Diff, Fields, Kind, Origin
from service.db.arrays import TextArray
from service.lifecycle import RecordState


@dataclass(frozen=True, slots=True)
class LockedRecord:
    """A record whose row this transaction holds."""

    snapshot: Snapshot
    seen: int
    memory: Memory
    since_seen: timedelta | None
    """How long ago the last look at it was stored."""
    looks_in_row: int


@dataclass(frozen=True, slots=True)
class Rest:
    """How long a record is left alone after a look (`budget.pacing`)."""

    looks_in_row: int
    seconds: float


@dataclass(frozen=True, slots=True)
class NewChange:
    """A change to be stored."""

    id: UUID
    record_id: str
    version: int
    kind: Kind
    origin: Origin
    restored: bool
    diff: Diff | None
    record: Fields | None
    deliveries: int
    first_received_at: datetime | None
    echoed: frozenset[str] = frozenset()
    """See `Change.echoed`."""


async def next_sight(connection: AsyncConnection) -> int:
    """Take the next number in the order of our looks."""
    sight: int = (await connection.execute(text("SELECT nextval('sight')"))).scalar_one()
    return sight


async def lock_records(
    connection: AsyncConnection, account: str, app_id: str, record_ids: Sequence[str]
) -> Mapping[str, LockedRecord]:
    """Lock the records' rows in the order of their ids, making the missing ones."""
    values = {"account": account, "app_id": app_id, "record_ids": sorted(set(record_ids))}
    await connection.execute(
        text(
            """
            INSERT INTO records (account, app_id, record_id)
            SELECT :account, :app_id, unnest(CAST(:record_ids AS text[])) ON CONFLICT DO NOTHING"""
        ),
        values,
    )
    rows = await connection.execute(
        text(
            """
            SELECT record_id, state, version, fields, seen, seen_at, looks_in_row,
                now() - seen_at AS since_seen, now() - missing_since AS missing_for
            FROM records WHERE account = :account
            AND app_id = :app_id AND record_id = ANY(:record_ids) ORDER BY record_id COLLATE "C" FOR UPDATE"""
        ),
        values,
    )
    return {
        row.record_id: LockedRecord(
            Snapshot(RecordState(row.state), row.version, row.fields),
            row.seen,
            Memory(row.seen_at, row.missing_for),
            row.since_seen,
            row.looks_in_row,
        )
        for row in rows
    }


async def store_snapshots(
    connection: AsyncConnection,
    account: str,
    app_id: str,
    *,
    changed: Mapping[str, Snapshot],
    unchanged: Sequence[str],
    rests: Mapping[str, Rest],
) -> None:
    """Store what was seen of locked records. Every one of them gets a new sight, changed or not.

    `rests`: how long they are left alone now; what rests already goes on, where nothing is said.
    """
    if changed:
        await connection.execute(
            _STORE,
            {
                "account": account,
                "app_id": app_id,
                "record_ids": list(changed),
                "states": [snapshot.state for snapshot in changed.values()],
                "versions": [snapshot.version for snapshot in changed.values()],
                "fields": TextArray(_json(snapshot.fields) for snapshot in changed.values()),
                **_rests(changed, rests),
            },
        )
    if unchanged:
        await connection.execute(
            _NOTE_SEEN,
            {
                "account": account,
                "app_id": app_id,
                "record_ids": list(unchanged),
                **_rests(unchanged, rests),
            },
        )


# Which values are a record's is told by its place among the ids. A join with them may be planned as reading
# all of the app's records: once so prepared, while there were few, it is done so with a hundred thousand.
_PLACE = "(SELECT array_position(CAST(:record_ids AS text[]), records.record_id) AS at) AS place"
_THESE = "account = :account AND app_id = :app_id AND record_id = ANY(CAST(:record_ids AS text[]))"
_SEEN = "seen, seen_at, looks_in_row, rest_until"
_NEW_SEEN = """nextval('sight'), now(), coalesce(new.looks_in_row, records.looks_in_row),
            CASE WHEN new.rest IS NULL THEN records.rest_until
                WHEN new.rest > 0 THEN now() + make_interval(secs => new.rest) END"""
_RESTS = """(CAST(:in_row AS smallint[]))[at] AS looks_in_row,
            (CAST(:rests AS double precision[]))[at] AS rest"""
_STORE = text(f"""
    UPDATE records SET (state, version, fields, changed_at, {_SEEN}) = (
        SELECT new.state, new.version, new.fields,
            CASE WHEN records.version = new.version THEN records.changed_at ELSE now() END, {_NEW_SEEN}
        FROM (SELECT (CAST(:states AS text[]))[at] AS state, (CAST(:versions AS bigint[]))[at] AS version,
            CAST((CAST(:fields AS text[]))[at] AS jsonb) AS fields, {_RESTS} FROM {_PLACE}) AS new)
    WHERE {_THESE}""")
_NOTE_SEEN = text(f"""
    UPDATE records SET ({_SEEN}) = (SELECT {_NEW_SEEN} FROM (SELECT {_RESTS} FROM {_PLACE}) AS new)
    WHERE {_THESE}""")


def _rests(record_ids: Iterable[str], rests: Mapping[str, Rest]) -> dict[str, object]:
    chosen = [rests.get(record_id) for record_id in record_ids]
    return {
        "in_row": [rest and rest.looks_in_row for rest in chosen],
        "rests": [rest and rest.seconds for rest in chosen],
    }


async def insert_changes(
    connection: AsyncConnection,
    account: str,
    app_id: str,
    changes: Sequence[NewChange],
    *,
    sight: int,
    call_id: int | None,
    rules_digest: str,
    verdicts: Mapping[UUID, Mapping[str, str | None]],
) -> None:
    """Store changes of locked records. `sight` is the look that found them.

    `verdicts` of a change: for each rule of its app None, or what decided that it does not match.
    """
    await connection.execute(
        text(
            """
            INSERT INTO changes (id, account, app_id, record_id, version, kind, origin, restored, diff, after,
            deliveries, first_received_at, call_id, sight, rules_digest, verdicts, echoed)
            SELECT id, :account, :app_id, record_id, version, kind, origin, restored, CAST(diff AS jsonb),
            CAST(after AS jsonb), deliveries, first_received_at, :call_id, :sight, :rules_digest,
            CAST(verdicts AS jsonb), CAST(echoed AS jsonb)
            FROM unnest(CAST(:ids AS uuid[]), CAST(:record_ids AS text[]), CAST(:versions AS bigint[]),
            CAST(:kinds AS text[]), CAST(:origins AS text[]), CAST(:restored AS boolean[]),
            CAST(:diffs AS text[]), CAST(:afters AS text[]), CAST(:deliveries AS integer[]),
            CAST(:firsts AS timestamptz[]), CAST(:verdicts AS text[]), CAST(:echoed AS text[]))
            AS new (id, record_id, version, kind, origin, restored, diff, after, deliveries,
            first_received_at, verdicts, echoed)"""
        ),
        {
            "account": account,
            "app_id": app_id,
            "call_id": call_id,
            "sight": sight,
            "rules_digest": rules_digest,
            "ids": [change.id for change in changes],
            "record_ids": [change.record_id for change in changes],
            "versions": [change.version for change in changes],
            "kinds": [change.kind for change in changes],
            "origins": [change.origin for change in changes],
            "restored": [change.restored for change in changes],
            "diffs": TextArray(_json(change.diff) for change in changes),
            "afters": TextArray(_json(change.record) for change in changes),
            "deliveries": [change.deliveries for change in changes],
            "firsts": [change.first_received_at for change in changes],
            "verdicts": TextArray(_json(verdicts.get(change.id) or None) for change in changes),
            "echoed": TextArray(_json(sorted(change.echoed) or None) for change in changes),
        },
    )


def _json(value: object) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False, allow_nan=False)
