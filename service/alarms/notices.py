"""Notices: who is to be told that an alarm was raised, or cleared. Every query on them, beside listings.

An alarm that was raised or cleared stands as untold, by the same transaction. Its notices are written one
alarm at a time, in the order of the onsets: so a transaction holds one alarm's row only, and nobody waits for
each other in a circle.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.alarms.models import NoticeKind
from service.db.locks import Lock, lock
from service.db.processes import HOLDER_LOST
from service.lifecycle import NoticeStatus

# What is over is told a little later: if it came back meanwhile, neither its end nor its return is told.
_RAISED = text("""
    WITH swallowed AS (
        UPDATE notices SET status = 'discarded', finished_at = now(), error = 'it came back at once'
        FROM alarms AS earlier
        WHERE notices.alarm_id = earlier.id AND earlier.name = :name AND earlier.subject = :subject
        AND earlier.id < :alarm_id AND notices.handler = ANY(:handlers) AND notices.kind = 'cleared'
        AND notices.status = 'ready' AND notices.attempts = 0
        RETURNING notices.handler, notices.since)
    INSERT INTO notices (id, alarm_id, kind, handler, since, status, finished_at)
    SELECT gen_random_uuid(), :alarm_id, 'raised', told.handler, coalesce(swallowed.since, :raised_at),
        CASE WHEN swallowed.since IS NULL THEN 'ready' ELSE 'discarded' END,
        CASE WHEN swallowed.since IS NOT NULL THEN now() END
    FROM unnest(CAST(:handlers AS text[])) AS told (handler) LEFT JOIN swallowed USING (handler)
    ORDER BY told.handler""")
_CLEARED = text("""
    INSERT INTO notices (id, alarm_id, kind, handler, since, next_at)
    SELECT gen_random_uuid(), alarm_id, 'cleared', handler, since,
        CAST(:cleared_at AS timestamptz) + CAST(:wait AS interval)
    FROM notices WHERE alarm_id = :alarm_id AND kind = 'raised' AND handler = ANY(:handlers)
    ON CONFLICT (alarm_id, handler, kind) DO NOTHING""")

_CLAIMED = """notices.id, notices.token, notices.handler, notices.attempts, alarms.name, alarms.subject,
        alarms.message, notices.since, CASE WHEN notices.kind = 'cleared' THEN alarms.cleared_at END
        AS cleared_at"""

# One at a time for each handler; of one name and subject in order.
_DUE = """notices AS due JOIN alarms AS of_due ON of_due.id = due.alarm_id
        WHERE due.status = 'ready' AND due.next_at <= clock_timestamp()
        AND NOT EXISTS (
            SELECT FROM notices AS running
            WHERE running.handler = due.handler AND running.status = 'running')
        AND NOT EXISTS (
            SELECT FROM notices AS earlier JOIN alarms AS of_earlier ON of_earlier.id = earlier.alarm_id
            WHERE earlier.handler = due.handler AND earlier.seq < due.seq
            AND earlier.status IN ('ready', 'running')
            AND of_earlier.name = of_due.name AND of_earlier.subject = of_due.subject)"""
_CLAIM = text(f"""
    UPDATE notices SET status = 'running', token = :token, holder = :holder, attempts = attempts + 1
    FROM alarms WHERE alarms.id = notices.alarm_id AND notices.id = (
        SELECT due.id FROM {_DUE} AND due.handler = :handler ORDER BY due.seq LIMIT 1)
    RETURNING {_CLAIMED}""")


@dataclass(frozen=True, slots=True)
class ClaimedNotice:
    """A notice that is ours to tell until we mark it, or our process is lost."""

    id: UUID
    token: UUID
    handler: str
    attempts: int
    """Tries, this one included."""
    name: str
    subject: str
    message: str
    since: datetime
    cleared_at: datetime | None
    """None: it tells that the alarm was raised."""

    @property
    def kind(self) -> NoticeKind:
        """What is told of the alarm."""
        return NoticeKind.RAISED if self.cleared_at is None else NoticeKind.CLEARED


@dataclass(frozen=True, slots=True)
class NoticeMark:
    """How an attempt ended, and what that makes of its notice."""

    status: NoticeStatus
    next_in: timedelta | None = None
    """For one that is ready again: after how long."""
    not_before: datetime | None = None
    error: str | None = None
    counts: bool = True
    """Whether it was a try."""


async def write_notices(
    connection: AsyncConnection, handlers: Sequence[str], *, clearing_waits: timedelta
) -> bool:
    """Write the notices of the first alarm that is untold. False: there is none."""
    alarm = (
        await connection.execute(
            text(
                """
                SELECT id, name, subject, raised_at, cleared_at,
                    EXISTS (SELECT FROM notices WHERE notices.alarm_id = alarms.id) AS told_before
                FROM alarms WHERE untold ORDER BY id LIMIT 1 FOR UPDATE"""
            )
        )
    ).one_or_none()
    if alarm is None:
        return False
    values = {"alarm_id": alarm.id, "handlers": sorted(handlers)}
    if not alarm.told_before:
        raised = {"name": alarm.name, "subject": alarm.subject, "raised_at": alarm.raised_at}
        await connection.execute(_RAISED, values | raised)
    if alarm.cleared_at is not None:
        cleared = {"cleared_at": alarm.cleared_at, "wait": clearing_waits}
        await connection.execute(_CLEARED, values | cleared)
    await connection.execute(text("UPDATE alarms SET untold = false WHERE id = :alarm_id"), values)
    return True


async def claim_notice(
    connection: AsyncConnection, handler: str, *, token: UUID, holder: UUID
) -> ClaimedNotice | None:
    """Claim the first due notice of a handler. A handler is told one thing at a time, over all processes.

    Of one alarm's name and subject it is told in order: a later notice waits until the earlier is finished.
    """
    await lock(connection, Lock.HANDLER, handler)
    claimed = await connection.execute(_CLAIM, {"handler": handler, "token": token, "holder": holder})
    row = claimed.one_or_none()
    return None if row is None else ClaimedNotice(*row)


async def take_back_notice(connection: AsyncConnection, handler: str, token: UUID) -> None:
    """Undo a claim with this token, if it was committed. Waits for one that is still being committed."""
    await lock(connection, Lock.HANDLER, handler)
    await connection.execute(
        text(
            """
            UPDATE notices SET status = 'ready', token = NULL, holder = NULL, attempts = attempts - 1
            WHERE handler = :handler AND status = 'running' AND token = :token"""
        ),
        {"handler": handler, "token": token},
    )


async def mark_notice(connection: AsyncConnection, notice: ClaimedNotice, mark: NoticeMark) -> bool:
    """Store how an attempt ended. False: the notice is not ours any more, and nothing was written."""
    marked = await connection.execute(
        text(
            """
            UPDATE notices SET status = :status, token = NULL, holder = NULL, error = :error,
                next_at = CASE WHEN :status = 'ready'
                    THEN greatest(clock_timestamp() + CAST(:wait AS interval),
                        CAST(:not_before AS timestamptz))
                    ELSE next_at END,
                finished_at = CASE WHEN :status <> 'ready' THEN now() END,
                attempts = attempts - CASE WHEN :counts THEN 0 ELSE 1 END
            WHERE id = :id AND token = :token AND status = 'running' RETURNING 1"""
        ),
        {
            "id": notice.id,
            "token": notice.token,
            "status": mark.status,
            "error": mark.error,
            "wait": mark.next_in or timedelta(0),
            "not_before": mark.not_before,
            "counts": mark.counts,
        },
    )
    return marked.one_or_none() is not None


async def read_lost_notices(connection: AsyncConnection, *, lost_after: timedelta) -> list[ClaimedNotice]:
    """Read the notices whose process was lost while it told them."""
    rows = await connection.execute(
        text(
            f"""
            SELECT {_CLAIMED} FROM notices JOIN alarms ON alarms.id = notices.alarm_id
            WHERE notices.status = 'running' AND {HOLDER_LOST.format(holder="notices.holder")}
            ORDER BY notices.seq LIMIT 100"""
        ),
        {"lost_after": lost_after},
    )
    return [ClaimedNotice(*row) for row in rows]


async def handlers_to_tell(connection: AsyncConnection) -> list[str]:
    """List the handlers that have a notice which could be claimed now."""
    rows = await connection.execute(text(f"SELECT DISTINCT due.handler FROM {_DUE} ORDER BY due.handler"))
    return [row.handler for row in rows]
