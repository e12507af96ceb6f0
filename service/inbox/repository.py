"""Every query of deliveries that settling needs. The receiver writes through `writer`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.changes.decision import Hint
from service.changes.types import Kind, Origin
from service.inbox.batching import DueDelivery
from service.lifecycle import DeliveryOutcome, DeliveryStatus

READ_AHEAD = 1000
"""How many due deliveries are read to fill a batch: bursts on few records need more than a batch's worth."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one delivery."""

    status: DeliveryStatus
    outcome: DeliveryOutcome | None = None
    reason: str | None = None
    change_id: UUID | None = None
    """The change that it led to; None: as it was."""
    again_in: timedelta | None = None
    """For a recheck: after how long."""
    looks: int | None = None
    """How many doubtful looks it has had now; None: one more than before."""


async def read_due(
    connection: AsyncConnection, account: str, app_id: str, *, at_most: int = READ_AHEAD
) -> list[DueDelivery]:
    """Read the longest due deliveries of an app."""
    rows = await connection.execute(
        text(
            """
            SELECT id, record_id, kind, origin, looks, received_at, request_id, change_id,
                now() - received_at AS waited FROM deliveries
            WHERE account = :account AND app_id = :app_id AND status IN ('pending', 'recheck')
            AND due_at <= now() ORDER BY due_at, id LIMIT :at_most"""
        ),
        {"account": account, "app_id": app_id, "at_most": at_most},
    )
    return [
        DueDelivery(
            Hint(
                row.id,
                Kind(row.kind) if row.kind else None,
                row.looks,
                received_at=row.received_at,
                waited=row.waited,
                request_id=row.request_id,
                led_to_change=row.change_id is not None,
                origin=Origin(row.origin),
            ),
            row.record_id,
        )
        for row in rows
    ]


async def hinted_records(
    connection: AsyncConnection, account: str, app_id: str, *, since: Sequence[int]
) -> frozenset[str]:
    """Find which of some deliveries' records have unfinished deliveries that came after all of these."""
    rows = await connection.execute(
        text(
            """
            WITH known AS (
                SELECT record_id, max(received_at) AS newest FROM deliveries
                WHERE id = ANY(:since) GROUP BY record_id)
            SELECT DISTINCT record_id FROM deliveries JOIN known USING (record_id)
            WHERE account = :account AND app_id = :app_id AND status IN ('pending', 'recheck')
            AND received_at > newest"""
        ),
        {"account": account, "app_id": app_id, "since": list(since)},
    )
    return frozenset(row.record_id for row in rows)


async def put_off(connection: AsyncConnection, seconds: Mapping[int, float]) -> None:
    """Let deliveries wait, each so many seconds from the start of the transaction; nothing else changes."""
    await connection.execute(
        text(
            """
            UPDATE deliveries SET due_at = now() + make_interval(secs => later.seconds)
            FROM unnest(CAST(:ids AS bigint[]), CAST(:seconds AS double precision[])) AS later (id, seconds)
            WHERE deliveries.id = later.id AND deliveries.status NOT IN ('settled', 'dead')"""
        ),
        {"ids": list(seconds), "seconds": list(seconds.values())},
    )


async def defer_deliveries(connection: AsyncConnection, ids: Sequence[int], *, until: datetime) -> None:
    """Let deliveries wait until a moment; nothing else changes."""
    await connection.execute(
        text(
            """
            UPDATE deliveries SET due_at = :until
            WHERE id = ANY(:ids) AND status NOT IN ('settled', 'dead')"""
        ),
        {"ids": list(ids), "until": until},
    )


async def store_verdicts(
    connection: AsyncConnection, verdicts: Mapping[int, Verdict], *, call_id: int | None
) -> None:
    """Store what became of unfinished deliveries, locking them in the order of their ids."""
    ids = sorted(verdicts)
    # Not "IN ('pending', …": with old statistics that looks like a reason to read all that is pending.
    ordered = [verdicts[delivery_id] for delivery_id in ids]
    await connection.execute(
        text("SELECT FROM deliveries WHERE id = ANY(:ids) ORDER BY id FOR UPDATE"), {"ids": ids}
    )
    await connection.execute(
        text(
            """
            UPDATE deliveries SET status = new.status, outcome = new.outcome, reason = new.reason,
                change_id = coalesce(new.change_id, deliveries.change_id), call_id = :call_id,
                looks = coalesce(new.looks, deliveries.looks + 1),
                due_at = CASE WHEN new.status = 'recheck' THEN now() + new.again_in ELSE due_at END,
                settled_at = CASE WHEN new.status = 'recheck' THEN NULL ELSE now() END
            FROM unnest(CAST(:ids AS bigint[]), CAST(:statuses AS text[]), CAST(:outcomes AS text[]),
                CAST(:reasons AS text[]), CAST(:change_ids AS uuid[]), CAST(:agains AS interval[]),
                CAST(:looks AS integer[])) AS new (id, status, outcome, reason, change_id, again_in, looks)
            WHERE deliveries.id = new.id AND deliveries.status NOT IN ('settled', 'dead')"""
        ),
        {
            "ids": ids,
            "call_id": call_id,
            "statuses": [verdict.status for verdict in ordered],
            "outcomes": [verdict.outcome for verdict in ordered],
            "reasons": [verdict.reason for verdict in ordered],
            "change_ids": [verdict.change_id for verdict in ordered],
            "agains": [verdict.again_in for verdict in ordered],
            "looks": [verdict.looks for verdict in ordered],
        },
    )
