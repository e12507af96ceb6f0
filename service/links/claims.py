"""Claiming expansions: all that is due of an account, by one process at a time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.changes.diff import read_diff
from service.changes.types import App, Change, Kind, Origin
from service.db.locks import Lock, lock
from service.db.processes import HOLDER_LOST
from service.links.resolving import RecordKey

_HOLDER_LOST = HOLDER_LOST.format(holder="expansions.holder")


@dataclass(frozen=True, slots=True)
class ClaimedExpansion:
    """An expansion that is ours until we store what became of it, or our process is lost."""

    change: Change
    """As far as rules look at it: its provider, and its app's name, are not told."""
    rule: str
    paths: tuple[str, ...]
    claimed_at: datetime
    """When nobody had been asked yet: whatever is seen now was so at this moment, or later."""
    looks: int = 0
    failures: int = 0
    conditions: Mapping[str, Any] | None = None
    """What the rule asks of the linked records (`rules.kept_conditions`); None: nothing."""

    @property
    def record(self) -> RecordKey:
        """Whose links they are."""
        return RecordKey(self.change.app.id, self.change.record_id)

    @property
    def match(self) -> tuple[UUID, str]:
        """What names it."""
        return self.change.id, self.rule


async def claim_expansions(
    connection: AsyncConnection, account: str, *, most: int, token: UUID, holder: UUID, lost_after: timedelta
) -> list[ClaimedExpansion]:
    """Claim an account's longest due expansions; none while another living process holds some.

    One at a time per account: two would ask for the same records.
    """
    await lock(connection, Lock.EXPAND, account)
    rows = await connection.execute(
        text(
            f"""
            WITH due AS MATERIALIZED (
                SELECT change_id, rule FROM expansions
                WHERE account = :account AND finished_at IS NULL AND next_at <= now()
                AND NOT EXISTS (SELECT FROM expansions WHERE account = :account AND token IS NOT NULL
                    AND NOT {_HOLDER_LOST})
                ORDER BY next_at LIMIT :most FOR UPDATE),
            claimed AS (
                UPDATE expansions SET token = :token, holder = :holder FROM due
                WHERE expansions.change_id = due.change_id AND expansions.rule = due.rule
                RETURNING expansions.*)
            SELECT claimed.rule, claimed.paths, claimed.looks, claimed.failures, claimed.conditions,
                now() AS moment, changes.id, changes.account, changes.app_id, changes.record_id,
                changes.version, changes.kind, changes.origin, changes.restored, changes.diff, changes.after,
                changes.deliveries, changes.created_at
            FROM claimed JOIN changes ON changes.id = claimed.change_id
            ORDER BY claimed.next_at, claimed.change_id"""
        ),
        {"account": account, "most": most, "token": token, "holder": holder, "lost_after": lost_after},
    )
    return [
        ClaimedExpansion(
            _change(row),
            row.rule,
            tuple(row.paths),
            row.moment,
            row.looks,
            row.failures,
            row.conditions,
        )
        for row in rows
    ]


def _change(row: Row[Any]) -> Change:
    return Change(
        id=row.id,
        account=row.account,
        provider="",
        app=App(row.app_id, row.app_id),
        record_id=row.record_id,
        kind=Kind(row.kind),
        origin=Origin(row.origin),
        version=row.version,
        record=row.after,
        diff=read_diff(row.diff),
        created_at=row.created_at,
        restored=row.restored,
        deliveries=row.deliveries,
    )


async def take_back_claim(connection: AsyncConnection, account: str, token: UUID) -> None:
    """Free what was claimed with this token. Waits for a claim that is still being committed."""
    await lock(connection, Lock.EXPAND, account)
    await connection.execute(
        text(
            """
            UPDATE expansions SET token = NULL, holder = NULL
            WHERE account = :account AND token IS NOT NULL AND token = :token"""
        ),
        {"account": account, "token": token},
    )


async def is_expansion_due(connection: AsyncConnection, account: str) -> bool:
    """Tell whether something of an account could be claimed now."""
    row = await connection.execute(
        text(
            """
            SELECT FROM expansions WHERE account = :account AND finished_at IS NULL AND next_at <= now()
            AND token IS NULL AND NOT EXISTS (
                SELECT FROM halts WHERE halts.account = :account AND halts.next_at > now()) LIMIT 1"""
        ),
        {"account": account},
    )
    return row.one_or_none() is not None


async def accounts_to_expand(connection: AsyncConnection, *, lost_after: timedelta) -> list[str]:
    """List the accounts with a due expansion that neither a living process nor a halt holds back."""
    rows = await connection.execute(
        text(
            f"""
            WITH RECURSIVE owner AS (
                (SELECT account FROM expansions WHERE finished_at IS NULL ORDER BY account LIMIT 1)
                UNION ALL SELECT (SELECT account FROM expansions
                    WHERE finished_at IS NULL AND expansions.account > owner.account ORDER BY account LIMIT 1)
                FROM owner WHERE owner.account IS NOT NULL)
            SELECT account FROM owner CROSS JOIN LATERAL (
                SELECT next_at FROM expansions WHERE expansions.account = owner.account
                AND finished_at IS NULL ORDER BY account, next_at LIMIT 1) AS first
            WHERE first.next_at <= now() AND NOT EXISTS (
                SELECT FROM expansions WHERE expansions.account = owner.account
                AND token IS NOT NULL AND NOT {_HOLDER_LOST})
            AND NOT EXISTS (
                SELECT FROM halts WHERE halts.account = owner.account AND halts.next_at > now())"""
        ),
        {"lost_after": lost_after},
    )
    return [row.account for row in rows]
