"""Records as a list shows them: what we know of them, and taking in those that were never seen."""

import json
from collections.abc import Collection, Mapping

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.changes.decision import Snapshot
from service.changes.types import Fields
from service.db.arrays import TextArray
from service.lifecycle import RecordState

_SNAPSHOTS = text("""
    SELECT known.record_id, state, version, fields
    FROM unnest(CAST(:record_ids AS text[])) AS wanted (record_id) CROSS JOIN LATERAL (
        SELECT record_id, state, version, fields FROM records WHERE account = :account AND app_id = :app_id
        AND records.record_id = wanted.record_id LIMIT 1) AS known""")
_TAKE_IN = text("""
    INSERT INTO records (account, app_id, record_id, state, fields, seen, seen_at)
    SELECT :account, :app_id, listed.record_id, 'live', CAST(listed.fields AS jsonb), nextval('sight'), now()
    FROM unnest(CAST(:record_ids AS text[]), CAST(:fields AS text[])) AS listed (record_id, fields)
    ON CONFLICT (account, app_id, record_id) DO UPDATE
    SET state = excluded.state, fields = excluded.fields, seen = excluded.seen, seen_at = excluded.seen_at
    WHERE records.state = 'unseen' AND records.seen < :started
    RETURNING record_id""")


async def read_snapshots(
    connection: AsyncConnection, account: str, app_id: str, record_ids: Collection[str]
) -> dict[str, Snapshot]:
    """Read what is known of some records, unlocked; those that were never seen are not among them."""
    values = {"account": account, "app_id": app_id, "record_ids": list(record_ids)}
    return {
        row.record_id: Snapshot(RecordState(row.state), row.version, row.fields)
        for row in await connection.execute(_SNAPSHOTS, values)
    }


async def take_in(
    connection: AsyncConnection, account: str, app_id: str, records: Mapping[str, Fields], *, started: int
) -> frozenset[str]:
    """Store records that were never seen, without a change: at version 0, by id; gives those that were new.

    `started` is the sight taken before they were read: what somebody looked at since is left as it is.
    """
    ordered = sorted(records)  # as everybody locks them
    values = {
        "account": account,
        "app_id": app_id,
        "record_ids": ordered,
        "fields": TextArray(json.dumps(dict(records[one]), ensure_ascii=False) for one in ordered),
        "started": started,
    }
    return frozenset((await connection.execute(_TAKE_IN, values)).scalars())
