"""What became of reconciling, as people and programs see it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.db.counting import COUNTED_AT_MOST

_LIST = text("""
    SELECT reconciles.account, reconciles.app_id, apps.name AS app_name, began_at, ended_at, next_at,
        calls, noticed, CAST(extract(epoch FROM behind) AS float) AS behind_seconds,
        api_count, known_count, gone, sortable, failures, error, now() AS moment
    FROM reconciles LEFT JOIN apps
        ON apps.account = reconciles.account AND apps.app_id = reconciles.app_id
    WHERE (CAST(:account AS text) IS NULL OR reconciles.account = :account)
    ORDER BY reconciles.account, reconciles.app_id LIMIT :most""")


@dataclass(frozen=True, slots=True)
class ReconcileView:
    """The last round of one app."""

    account: str
    app_id: str
    app_name: str | None
    began_at: datetime | None
    ended_at: datetime | None
    """When the last round ended without an error."""
    next_at: datetime
    calls: int
    """What the last round cost, or cost so far."""
    noticed: int
    """How many records it gave to settle."""
    behind_seconds: float | None
    """How old the oldest of their edits was, by the provider's clock; None: there were none."""
    api_count: int | None
    """How many records the provider counted, …"""
    known_count: int | None
    """… and how many live ones we knew then."""
    gone: int
    """How many must have been deleted that nobody told of; a full sweep names them."""
    sortable: bool
    """False: the API does not list by `last_modified`; only full sweeps find anything."""
    failures: int
    error: str | None
    moment: datetime
    """The database's, when this was read."""

    @property
    def period(self) -> timedelta | None:
        """How often it is reconciled, as far as the last round tells."""
        return None if self.ended_at is None or self.failures else self.next_at - self.ended_at

    @property
    def late(self) -> timedelta:
        """For how long the next round is due."""
        return max(timedelta(0), self.moment - self.next_at)


async def list_reconciles(connection: AsyncConnection, *, account: str | None = None) -> list[ReconcileView]:
    """List how far each app is reconciled."""
    rows = await connection.execute(_LIST, {"account": account, "most": COUNTED_AT_MOST})
    return [ReconcileView(*row) for row in rows]
