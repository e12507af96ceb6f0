"""Records that are left alone for a while, for they never rest by themselves."""

from collections.abc import Collection, Mapping

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

# One by one along the key: with old statistics, "= ANY" looks like a reason to read all of the app's records.
_RESTING = text("""
    SELECT wanted.record_id, extract(epoch FROM resting.rest_until - now()) AS seconds
    FROM unnest(CAST(:record_ids AS text[])) AS wanted (record_id) CROSS JOIN LATERAL (
        SELECT rest_until FROM records WHERE account = :account AND app_id = :app_id
        AND records.record_id = wanted.record_id LIMIT 1) AS resting
    WHERE resting.rest_until > now()""")


async def read_resting(
    connection: AsyncConnection, account: str, app_id: str, record_ids: Collection[str]
) -> Mapping[str, float]:
    """Tell which of some records rest, and for how many seconds from the start of the transaction."""
    rows = await connection.execute(
        _RESTING, {"account": account, "app_id": app_id, "record_ids": list(record_ids)}
    )
    return {row.record_id: float(row.seconds) for row in rows}
