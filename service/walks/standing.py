"""How the apps of an account stand: when all their records were last read, and what counts say since."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_STANDINGS = text("""
    SELECT apps.app_id, apps.name, now() AS moment, under_way.id IS NOT NULL AS is_under_way,
        under_way.next_at, under_way.began_at AS under_way_since, under_way.seen, under_way.expected,
        under_way.error, ended.began_at, ended.ended_at, ended.calls, ended.missing,
        reconciles.api_count, reconciles.known_count, reconciles.counted_at,
        coalesce(reconciles.gone, 0) AS gone, coalesce(reconciles.sortable, true) AS sortable
    FROM apps LEFT JOIN LATERAL (SELECT id, began_at, next_at, seen, expected, error FROM walks
        WHERE walks.account = apps.account AND walks.app_id = apps.app_id AND purpose = 'full_sweep'
        AND walks.ended_at IS NULL LIMIT 1) AS under_way ON true
    LEFT JOIN LATERAL (SELECT began_at, ended_at, calls, missing FROM walks
        WHERE walks.account = apps.account AND walks.app_id = apps.app_id
        AND walks.ended_at IS NOT NULL AND since IS NULL
        ORDER BY walks.ended_at DESC LIMIT 1) AS ended ON true
    LEFT JOIN reconciles ON reconciles.account = apps.account AND reconciles.app_id = apps.app_id
    WHERE apps.account = :account ORDER BY apps.app_id""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The last walk that read all records of an app, whoever asked for it."""

    began_at: datetime
    ended_at: datetime
    calls: int
    missing: int
    """How many records, at least, it could not see."""

    @property
    def took(self) -> timedelta:
        """How long it took."""
        return self.ended_at - self.began_at


@dataclass(frozen=True, slots=True, kw_only=True)
class UnderWay:
    """A full sweep that has not ended yet."""

    since: datetime
    next_at: datetime
    """When it may go on."""
    seen: int
    expected: int | None
    error: str | None
    """Why it could not go on, last time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One app that `webhooks apply` stored."""

    app_id: str
    name: str
    moment: datetime
    """The database's time."""
    under_way: UnderWay | None = None
    ended: Ended | None = None
    api_count: int | None = None
    """How many records the provider counted when the app was last reconciled, …"""
    known_count: int | None = None
    """… and how many we knew then."""
    gone: int = 0
    """How many must have been deleted, by these counts, of which nobody told."""
    counted_at: datetime | None = None
    sortable: bool = True
    """Whether reconcile gets a list of what was modified last; if not, full sweeps alone find anything."""


async def read_standings(connection: AsyncConnection, account: str) -> list[Standing]:
    """Read how all apps of an account stand, by their ids."""
    return [
        Standing(
            app_id=row.app_id,
            name=row.name,
            moment=row.moment,
            under_way=UnderWay(
                since=row.under_way_since,
                next_at=row.next_at,
                seen=row.seen,
                expected=row.expected,
                error=row.error,
            )
            if row.is_under_way
            else None,
            ended=None
            if row.ended_at is None
            else Ended(began_at=row.began_at, ended_at=row.ended_at, calls=row.calls, missing=row.missing),
            api_count=row.api_count,
            known_count=row.known_count,
            gone=row.gone,
            counted_at=row.counted_at,
            sortable=row.sortable,
        )
        for row in await connection.execute(_STANDINGS, {"account": account})
    ]
