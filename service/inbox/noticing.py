"""Hints of our own: records of which we noticed that they differ, or are not there, and nobody told us.

They wait like deliveries, so that everything that holds for these holds for them. A record of which a
delivery is open needs none: whoever settles that sees it.
"""

from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from service.changes.types import Origin

# One by one along the index: "= ANY" looks like a reason to read all that is open.
_OPEN = text("""
    SELECT DISTINCT record_id FROM deliveries WHERE account = :account AND app_id = :app_id
    AND status IN ('pending', 'recheck') AND record_id = ANY(:record_ids)""")
_NOTICE = text("""
    INSERT INTO deliveries (account, app_id, record_id, request_id, origin, due_at)
    SELECT :account, :app_id, noticed.record_id, noticed.request_id, :origin, now() + :due_in
    FROM unnest(CAST(:record_ids AS text[]), CAST(:request_ids AS uuid[])) AS noticed (record_id, request_id)
    WHERE NOT EXISTS (
        SELECT FROM deliveries WHERE account = :account AND app_id = :app_id
        AND status IN ('pending', 'recheck') AND deliveries.record_id = noticed.record_id)
    RETURNING record_id""")


async def open_records(
    connection: AsyncConnection, account: str, app_id: str, record_ids: Collection[str]
) -> frozenset[str]:
    """Find which of some records have deliveries that are not settled."""
    values = {"account": account, "app_id": app_id, "record_ids": list(record_ids)}
    return frozenset((await connection.execute(_OPEN, values)).scalars())


async def notice_records(
    connection: AsyncConnection,
    account: str,
    app_id: str,
    record_ids: Collection[str],
    *,
    origin: Origin,
    due_in: timedelta,
) -> frozenset[str]:
    """Have records looked at `due_in` from now, unless a delivery of them is open; gives those that will be.

    A webhook that comes within that time is settled by the same look, and the change counts as its.
    """
    ordered = sorted(set(record_ids))
    values = {
        "account": account,
        "app_id": app_id,
        "record_ids": ordered,
        "request_ids": [uuid7() for _ in ordered],
        "origin": origin,
        "due_in": due_in,
    }
    return frozenset((await connection.execute(_NOTICE, values)).scalars())
