"""The queries on whether webhooks still tell of what happens: what was heard of them, and what was missed.

An outage of ours is not theirs: what happened before the receiver was there again counts against nobody.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.changes.types import Kind
from service.registrations.liveness import ENOUGH, Line, Missed

BATCH = 4000
"""How many deliveries are looked through at once."""

_ROW = "deliveries"
_BEGIN = text("INSERT INTO hearing (name, reached) VALUES (:row, 0) ON CONFLICT DO NOTHING")
_REACHED = text("SELECT reached FROM hearing WHERE name = :row FOR UPDATE")
# Ids are committed out of order by some milliseconds: what is younger than a minute is looked at again.
_HEAR = text("""
    WITH batch AS (
        SELECT id, registration_id, received_at FROM deliveries WHERE id > :reached ORDER BY id LIMIT :batch
    ), heard AS (
        SELECT registration_id, (array_agg(DISTINCT received_at ORDER BY received_at DESC))[1:3] AS moments
        FROM batch WHERE registration_id IS NOT NULL GROUP BY registration_id
    ), noted AS (
        UPDATE registrations SET heard_at = greatest(heard_at, heard.moments[1]), last_heard = (
            SELECT (array_agg(DISTINCT moment ORDER BY moment DESC))[1:3]
            FROM unnest(last_heard || heard.moments) AS moment)
        FROM heard WHERE registrations.id = heard.registration_id
        AND NOT registrations.last_heard @> heard.moments
    )
    SELECT count(*) AS seen, max(id) FILTER (WHERE received_at < now() - interval '1 minute') AS reached
    FROM batch""")
_MOVE_ON = text("UPDATE hearing SET reached = :reached WHERE name = :row AND reached < :reached")
_FORGIVE = text("""
    UPDATE registrations SET silent_since = NULL WHERE account = :account AND silent_since IS NOT NULL
    AND EXISTS (
        SELECT FROM registrations AS other WHERE other.account = registrations.account
        AND other.app_id = registrations.app_id AND other.kind IS NOT DISTINCT FROM registrations.kind
        AND other.manual = registrations.manual AND other.heard_at > registrations.silent_since)""")
_SAME = """one.account = active.account AND one.app_id = active.app_id AND one.manual = active.manual
            AND one.kind IS NOT DISTINCT FROM active.kind"""
_LINES = text(f"""
    SELECT active.id, active.account, active.app_id, active.kind, active.manual, active.changed_at,
        active.silent_since,
        (SELECT array_agg(DISTINCT moment ORDER BY moment DESC)
            FROM registrations AS one, unnest(one.last_heard) AS moment
            WHERE {_SAME} AND (one.id = active.id OR NOT one.manual)) AS heard,
        (SELECT count(*) FROM registrations AS one
            WHERE {_SAME} AND one.id <> active.id AND NOT one.manual AND one.silent_since IS NOT NULL)
            AS replaced
    FROM registrations AS active WHERE active.account = :account AND active.status IN ('active', 'creating')
    ORDER BY active.app_id, active.kind, active.id""")
_LISTENING_SINCE = text("""
    SELECT greatest(min(started_at), pg_postmaster_start_time(),
        (SELECT since FROM hearing WHERE name = :row)) FROM processes
    WHERE kind = 'web'
    AND greatest(beat_at, pg_postmaster_start_time()) > now() - CAST(:lost_after AS interval)
    HAVING count(*) > 0""")
_ROUND_GAP = text("""
    SELECT greatest(next_at - ended_at, interval '0') FROM reconciles
    WHERE account = :account AND app_id = :app_id""")
_SWEPT_SINCE = text("""
    SELECT min(ended_at) FROM walks WHERE account = :account AND app_id = :app_id
    AND purpose = 'full_sweep' AND began_at > :since""")
# A computed field changes with another record: that moves no stamp, and no webhook tells of it.
_MISSED = text("""
    SELECT count(*) AS number, min(created_at) AS oldest FROM (
        SELECT created_at FROM (
            SELECT * FROM changes
            WHERE account = :account AND app_id = :app_id AND kind = :kind AND origin = 'reconcile'
            AND created_at > :since ORDER BY created_at DESC LIMIT 1000) AS latest
        WHERE NOT restored AND (
            kind <> 'update' OR after ->> 'last_modified' IS NULL
            OR (after ->> 'last_modified') COLLATE "C" > coalesce(
                (SELECT before.after ->> 'last_modified' FROM changes AS before
                    WHERE before.account = latest.account AND before.app_id = latest.app_id
                    AND before.record_id = latest.record_id AND before.version = latest.version - 1),
                (SELECT floor FROM reconciles
                    WHERE reconciles.account = latest.account AND reconciles.app_id = latest.app_id), ''))
        LIMIT :enough) AS missed""")
_MARK_SILENT = text("UPDATE registrations SET silent_since = :since WHERE id = :id AND silent_since IS NULL")


async def hear(connection: AsyncConnection, *, batch: int = BATCH) -> bool:
    """Note with its registration when deliveries came, of the next `batch` deliveries. True: there are more.

    One process at a time; each call belongs in a transaction of its own.
    """
    await connection.execute(_BEGIN, {"row": _ROW})
    reached: int = (await connection.execute(_REACHED, {"row": _ROW})).scalar_one()
    found = (await connection.execute(_HEAR, {"reached": reached, "batch": batch})).one()
    if found.reached is not None:
        await connection.execute(_MOVE_ON, {"row": _ROW, "reached": found.reached})
    return bool(found.seen == batch and found.reached is not None)


async def forgive(connection: AsyncConnection, account: str) -> None:
    """Take the mark of silence from every webhook of which, or of whose successor, a delivery came since."""
    await connection.execute(_FORGIVE, {"account": account})


async def read_lines(connection: AsyncConnection, account: str) -> tuple[list[Line], datetime]:
    """Read the account's active webhooks, each with what is known of those before it; and the moment."""
    rows = (await connection.execute(_LINES, {"account": account})).all()
    moment: datetime = (await connection.execute(text("SELECT now()"))).scalar_one()
    return [
        Line(
            registration_id=row.id,
            account=row.account,
            app_id=row.app_id,
            kind=None if row.kind is None else Kind(row.kind),
            manual=row.manual,
            as_it_is_since=row.changed_at,
            heard=tuple(row.heard or ())[:ENOUGH],
            silent_since=row.silent_since,
            replaced=row.replaced,
        )
        for row in rows
    ], moment


async def listening_since(connection: AsyncConnection, *, lost_after: timedelta) -> datetime | None:
    """Since when the receiver is there; None: it is not."""
    since: datetime | None = await connection.scalar(
        _LISTENING_SINCE, {"row": _ROW, "lost_after": lost_after}
    )
    return since


async def count_missed(
    connection: AsyncConnection, line: Line, *, listening: datetime, period: timedelta
) -> Missed:
    """Count the changes that only reconcile found and that happened, for certain, after the last delivery.

    A round finds what happened since the one before it, `period` (or what it has become) ago; a full sweep
    finds what was deleted since the last one. So nothing counts that may be older than the webhook, its last
    delivery, or the receiver.
    """
    if line.manual or line.kind is None:
        return Missed(0, None)
    app = {"account": line.account, "app_id": line.app_id}
    since = max(line.as_it_is_since, listening, *line.heard[:1])
    gap: timedelta | None = await connection.scalar(_ROUND_GAP, app)
    slack = 2 * max(period, gap or timedelta(0))
    if line.kind is Kind.DELETE:
        swept: datetime | None = await connection.scalar(_SWEPT_SINCE, {**app, "since": since})
        if swept is None:
            return Missed(0, None)
        since = swept
    row = (
        await connection.execute(
            _MISSED, {**app, "kind": line.kind, "since": since + slack, "enough": ENOUGH}
        )
    ).one()
    return Missed(row.number, row.oldest)


async def mark_silent(connection: AsyncConnection, registration_id: UUID, since: datetime) -> None:
    """Note that a webhook did not tell of changes, the oldest of which was stored at `since`."""
    await connection.execute(_MARK_SILENT, {"id": registration_id, "since": since})
