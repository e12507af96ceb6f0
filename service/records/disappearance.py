"""Records of an app that are missing although nobody said that they were deleted. Every query of that.

Whoever calls this holds the app's slot.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.changes.absence import HELD

WITHIN = timedelta(hours=1)
"""Records that went missing within this time count together."""


@dataclass(frozen=True, slots=True)
class Disappearance:
    """How an app's deletions stand."""

    held_at: datetime | None
    """Since when they are held."""
    accepted: bool
    """A person said, not long ago, that what is missing is deleted."""
    missing: int
    """Held: how many are still missing; else how many went missing lately."""


async def mark_missing(connection: AsyncConnection, account: str, app_id: str, ids: Sequence[str]) -> None:
    """Note that locked records are missing from now on."""
    await connection.execute(
        text(
            """
            UPDATE records SET missing_since = now() WHERE account = :account AND app_id = :app_id
            AND record_id = ANY(:record_ids) AND missing_since IS NULL"""
        ),
        {"account": account, "app_id": app_id, "record_ids": list(ids)},
    )


async def mark_back(connection: AsyncConnection, account: str, app_id: str, ids: Sequence[str]) -> None:
    """Note that locked records are missing no longer: they are there again, or a delete was announced."""
    await connection.execute(
        text(
            """
            UPDATE records SET missing_since = NULL WHERE account = :account AND app_id = :app_id
            AND record_id = ANY(:record_ids)"""
        ),
        {"account": account, "app_id": app_id, "record_ids": list(ids)},
    )


async def read_disappearance(connection: AsyncConnection, account: str, app_id: str) -> Disappearance:
    """Count what is missing. What went missing before a person accepted it, or within that hour, is believed.

    While deletions are held, time alone makes none of the missing records count less.
    """
    row = (
        await connection.execute(
            text(
                """
                SELECT deletions_held_at AS held_at,
                    coalesce(deletions_accepted_until > now(), false) AS accepted,
                    (SELECT count(*) FROM records WHERE account = :account AND app_id = :app_id
                        AND missing_since > greatest(coalesce(deletions_held_at, now()) - :within,
                            deletions_accepted_until)
                        AND (deletions_held_at IS NULL OR state = 'live')) AS missing
                FROM (SELECT) AS always LEFT JOIN slots ON account = :account AND app_id = :app_id"""
            ),
            {"account": account, "app_id": app_id, "within": WITHIN},
        )
    ).one()
    return Disappearance(row.held_at, row.accepted, row.missing)


async def count_known(connection: AsyncConnection, account: str, app_id: str, *, most: int) -> int:
    """Count the records of an app that we know to live or to be missing; no further than `most`."""
    known: int = (
        await connection.execute(
            text(
                """
                SELECT count(*) FROM (SELECT FROM records WHERE account = :account AND app_id = :app_id
                AND (state = 'live' OR missing_since > now() - :within) LIMIT :most) AS known"""
            ),
            {"account": account, "app_id": app_id, "within": WITHIN, "most": most},
        )
    ).scalar_one()
    return known


async def hold_deletions(connection: AsyncConnection, account: str, app_id: str) -> None:
    """Take nothing for deleted from now on that nobody said was deleted."""
    await connection.execute(
        text("UPDATE slots SET deletions_held_at = now() WHERE account = :account AND app_id = :app_id"),
        {"account": account, "app_id": app_id},
    )


async def end_hold(connection: AsyncConnection, account: str, app_id: str) -> None:
    """Hold deletions no longer."""
    await connection.execute(
        text("UPDATE slots SET deletions_held_at = NULL WHERE account = :account AND app_id = :app_id"),
        {"account": account, "app_id": app_id},
    )


async def wake_held(
    connection: AsyncConnection, account: str, app_id: str, *, not_seen_for: timedelta
) -> None:
    """Make due what waits because deletions are held, and was last looked at so long ago."""
    await connection.execute(
        text(
            """
            UPDATE deliveries SET due_at = now() FROM records
            WHERE deliveries.account = :account AND deliveries.app_id = :app_id
            AND deliveries.status IN ('pending', 'recheck') AND deliveries.due_at > now()
            AND deliveries.reason = :reason AND records.account = :account AND records.app_id = :app_id
            AND records.record_id = deliveries.record_id AND records.seen_at <= now() - :not_seen_for"""
        ),
        {"account": account, "app_id": app_id, "reason": HELD, "not_seen_for": not_seen_for},
    )
