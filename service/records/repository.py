"""Every query of snapshots and changes that settling needs; all set-based, one statement per batch."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.changes.decision import Snapshot
from service.changes.types import Diff, Fields, Kind, Origin
from service.db.arrays import TextArray
from service.lifecycle import RecordState


@dataclass(frozen=True, slots=True)
class LockedRecord:
    """A record whose row this transaction holds."""

    snapshot: Snapshot
    seen: int


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
            SELECT record_id, state, version, fields, seen FROM records WHERE account = :account
            AND app_id = :app_id AND record_id = ANY(:record_ids) ORDER BY record_id COLLATE "C" FOR UPDATE"""
        ),
        values,
    )
    return {
        row.record_id: LockedRecord(Snapshot(RecordState(row.state), row.version, row.fields), row.seen)
        for row in rows
    }


async def store_snapshots(
    connection: AsyncConnection,
    account: str,
    app_id: str,
    *,
    changed: Mapping[str, Snapshot],
    unchanged: Sequence[str],
) -> None:
    """Store what was seen of locked records. Every one of them gets a new sight, changed or not."""
    if changed:
        await connection.execute(
            text(
                """
                UPDATE records SET state = new.state, version = new.version, fields = new.fields,
                seen = nextval('sight'), seen_at = now(),
                changed_at = CASE WHEN records.version = new.version THEN changed_at ELSE now() END
                FROM (SELECT unnest(CAST(:record_ids AS text[])) AS record_id,
                unnest(CAST(:states AS text[])) AS state, unnest(CAST(:versions AS bigint[])) AS version,
                CAST(unnest(CAST(:fields AS text[])) AS jsonb) AS fields) AS new
                WHERE account = :account AND app_id = :app_id AND records.record_id = new.record_id"""
            ),
            {
                "account": account,
                "app_id": app_id,
                "record_ids": list(changed),
                "states": [snapshot.state for snapshot in changed.values()],
                "versions": [snapshot.version for snapshot in changed.values()],
                "fields": TextArray(_json(snapshot.fields) for snapshot in changed.values()),
            },
        )
    if unchanged:
        await connection.execute(
            text(
                """
                UPDATE records SET seen = nextval('sight'), seen_at = now() WHERE account = :account
                AND app_id = :app_id AND record_id = ANY(:record_ids)"""
            ),
            {"account": account, "app_id": app_id, "record_ids": list(unchanged)},
        )


async def insert_changes(
    connection: AsyncConnection,
    account: str,
    app_id: str,
    changes: Sequence[NewChange],
    *,
    sight: int,
    call_id: int | None,
    rules_digest: str,
) -> None:
    """Store changes of locked records. `sight` is the look that found them."""
    await connection.execute(
        text(
            """
            INSERT INTO changes (id, account, app_id, record_id, version, kind, origin, restored, diff, after,
            deliveries, first_received_at, call_id, sight, rules_digest)
            SELECT id, :account, :app_id, record_id, version, kind, origin, restored, CAST(diff AS jsonb),
            CAST(after AS jsonb), deliveries, first_received_at, :call_id, :sight, :rules_digest
            FROM unnest(CAST(:ids AS uuid[]), CAST(:record_ids AS text[]), CAST(:versions AS bigint[]),
            CAST(:kinds AS text[]), CAST(:origins AS text[]), CAST(:restored AS boolean[]),
            CAST(:diffs AS text[]), CAST(:afters AS text[]), CAST(:deliveries AS integer[]),
            CAST(:firsts AS timestamptz[])) AS new (id, record_id, version, kind, origin, restored, diff,
            after, deliveries, first_received_at)"""
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
        },
    )


def _json(value: object) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False, allow_nan=False)
