"""What may be forgotten, and the statements that forget it, a batch at a time.

Unfinished things are never removed, and neither is what a person may still act on: dead deliveries, dead
runs, and the later runs that a retry of a dead one must find. Each function looks at one batch, in the
order of age, and says from where to go on; each call belongs in a transaction of its own.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

# A request's body stands on its first delivery only, so that one stays as long as any other of the request.
# Deliveries are walked by id: it grows with received_at, and no index on the hot table is needed for this.
_DELIVERIES = text("""
    WITH batch AS (
        SELECT id, received_at FROM deliveries WHERE id > :after ORDER BY id LIMIT :batch
    ), forgotten AS (
        DELETE FROM deliveries USING batch
        WHERE deliveries.id = batch.id
        AND deliveries.status = 'settled' AND deliveries.settled_at < now() - CAST(:age AS interval)
        AND (deliveries.position > 0 OR NOT EXISTS (
            SELECT FROM deliveries AS other
            WHERE other.request_id = deliveries.request_id AND other.position > 0
            AND NOT (other.status = 'settled' AND other.settled_at < now() - CAST(:age AS interval))))
        RETURNING 1
    )
    SELECT max(id) AS reached, min(received_at) >= now() - CAST(:age AS interval) AS recent,
    (SELECT count(*) FROM forgotten) AS forgotten FROM batch""")

# Two statements: a replay that added a run while we waited for the change's lock is seen by the second.
# OFFSET 0 keeps the look for a change's runs at its index: as a join it may read all runs for each batch.
_LOCK_CHANGES = text("""
    SELECT id, created_at FROM changes
    WHERE created_at < now() - CAST(:age AS interval) AND (created_at, id) > (:created_at, :id)
    ORDER BY created_at, id LIMIT :batch FOR UPDATE""")
_FORGET_CHANGES = text("""
    DELETE FROM changes WHERE id = ANY(:ids)
    AND NOT EXISTS (
        SELECT FROM runs WHERE runs.change_id = changes.id
        AND runs.status NOT IN ('done', 'discarded', 'skipped') OFFSET 0)
    AND NOT EXISTS (
        SELECT FROM runs WHERE runs.status = 'dead' AND runs.account = changes.account
        AND runs.app_id = changes.app_id AND runs.record_id = changes.record_id)
    RETURNING 1""")

# An array, not a subquery to join with: that would read the whole table a second time for each batch.
_ALARMS = text("""
    DELETE FROM alarms WHERE id = ANY(ARRAY(
        SELECT id FROM alarms WHERE cleared_at < now() - CAST(:age AS interval) AND NOT untold
        AND NOT EXISTS (
            SELECT FROM notices WHERE notices.alarm_id = alarms.id AND status IN ('ready', 'running'))
        LIMIT :batch))
    RETURNING 1""")
_CALLS = text("""
    DELETE FROM calls WHERE id = ANY(ARRAY(
        SELECT id FROM calls WHERE counts_until < now() - CAST(:age AS interval) LIMIT :batch))
    RETURNING 1""")
# Their requests go with them.
_CAPTURES = text("""
    DELETE FROM captures WHERE key = ANY(ARRAY(
        SELECT key FROM captures WHERE expires_at < now() - CAST(:age AS interval) LIMIT :batch))
    RETURNING 1""")
_PROCESSES = text("""
    DELETE FROM processes WHERE id = ANY(ARRAY(
        SELECT id FROM processes
        WHERE greatest(beat_at, pg_postmaster_start_time()) < now() - CAST(:age AS interval) LIMIT :batch))
    RETURNING 1""")

_LINKED_RECORDS = text("""
    DELETE FROM linked_records WHERE (account, app_id, record_id) IN (
        SELECT account, app_id, record_id FROM linked_records
        WHERE seen_at < now() - CAST(:age AS interval) ORDER BY seen_at LIMIT :batch)
    RETURNING 1""")

# For rules that no change names all changes are read: once, for then they are forgotten. OFFSET 0: for others
# they are read up to the first one.
_RULEBOOKS = text("""
    DELETE FROM rulebooks WHERE loaded_at < now() - CAST(:age AS interval) AND digest <> :current
    AND NOT EXISTS (SELECT FROM changes WHERE changes.rules_digest = rulebooks.digest OFFSET 0)
    RETURNING 1""")

_OWN_WRITES = text("""
    DELETE FROM own_writes WHERE id = ANY(ARRAY(
        SELECT id FROM own_writes WHERE noted_at < now() - CAST(:age AS interval)
        ORDER BY noted_at LIMIT :batch))
    RETURNING 1""")

_UPSERTS = text("""
    DELETE FROM upserts WHERE (account, place, key_hash) IN (
        SELECT account, place, key_hash FROM upserts
        WHERE used_at < now() - CAST(:age AS interval) AND (token IS NULL OR held_until < now())
        ORDER BY used_at LIMIT :batch FOR UPDATE SKIP LOCKED)
    RETURNING 1""")

SMALL_TABLES = {
    "alarms": _ALARMS,
    "calls": _CALLS,
    "captures": _CAPTURES,
    "linked_records": _LINKED_RECORDS,
    "own_writes": _OWN_WRITES,
    "processes": _PROCESSES,
    "upserts": _UPSERTS,
}
"""Cleared alarms of which all is told, calls that no longer count, captures that are over, silent processes:
found by a scan, for they are few. And, in the order of time, records that were fetched because others link to
them, notes of own writes, and keys of records that handlers made."""


@dataclass(frozen=True, slots=True)
class ChangeMark:
    """How far changes were looked at."""

    created_at: datetime
    id: UUID


async def forget_deliveries(
    connection: AsyncConnection, *, older_than: timedelta, after: int, batch: int
) -> tuple[int, int | None]:
    """Forget settled deliveries among the next `batch` after the id `after`.

    Returns how many were forgotten, and the id to go on from; None when the rest is too young.
    """
    row = (await connection.execute(_DELIVERIES, {"age": older_than, "after": after, "batch": batch})).one()
    return row.forgotten, None if row.reached is None or row.recent else row.reached


async def forget_changes(
    connection: AsyncConnection, *, older_than: timedelta, after: ChangeMark, batch: int
) -> tuple[int, ChangeMark | None]:
    """Forget changes, with their runs and attempts, among the next `batch` after a mark.

    Returns how many were forgotten, and the mark to go on from; None when the rest is too young.
    """
    values = {"age": older_than, "created_at": after.created_at, "id": after.id, "batch": batch}
    rows = (await connection.execute(_LOCK_CHANGES, values)).all()
    if not rows:
        return 0, None
    forgotten = (await connection.execute(_FORGET_CHANGES, {"ids": [row.id for row in rows]})).all()
    return len(forgotten), ChangeMark(rows[-1].created_at, rows[-1].id)


async def forget_small(connection: AsyncConnection, table: str, *, older_than: timedelta, batch: int) -> int:
    """Forget up to `batch` rows of one of `SMALL_TABLES`; returns how many."""
    values = {"age": older_than, "batch": batch}
    return len((await connection.execute(SMALL_TABLES[table], values)).all())


async def forget_rulebooks(connection: AsyncConnection, *, older_than: timedelta, current: str) -> int:
    """Forget the rules that judged none of the changes that are kept; those of `current` stay."""
    values = {"age": older_than, "current": current}
    return len((await connection.execute(_RULEBOOKS, values)).all())
