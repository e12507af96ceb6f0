"""Where changes came from: how many a webhook told of, and how many only reconciling found."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.changes.types import Origin
from service.db.counting import COUNTED_AT_MOST

_COUNT = text("""
    SELECT account, origin, count(*) AS number, count(*) FILTER (WHERE NOT EXISTS (
        SELECT FROM registrations WHERE registrations.account = lately.account
        AND registrations.app_id = lately.app_id AND status IN ('active', 'retiring'))) AS polled
    FROM (
        SELECT account, app_id, origin FROM changes WHERE created_at > now() - CAST(:within AS interval)
        ORDER BY created_at DESC LIMIT :most) AS lately
    GROUP BY account, origin""")


@dataclass(frozen=True, slots=True)
class Origins:
    """The changes of one account by their origin."""

    account: str
    changes: Mapping[Origin, int]
    polled: Mapping[Origin, int] = field(default_factory=dict)
    """Those of apps that have no webhook, and are polled by intention."""

    @property
    def lost_per_10000(self) -> float:
        """Of 10,000 changes that webhooks should have told of, so many were found by reconciling alone."""
        lost, told = self._of_heard(Origin.RECONCILE), self._of_heard(Origin.WEBHOOK)
        return 10_000 * lost / (lost + told) if lost else 0.0

    def _of_heard(self, origin: Origin) -> int:
        return self.changes.get(origin, 0) - self.polled.get(origin, 0)


async def count_origins(
    connection: AsyncConnection, *, within: timedelta, most: int | None = COUNTED_AT_MOST
) -> list[Origins]:
    """Count the changes of a time by account and origin, the newest `most` of them (None: all)."""
    counted: dict[str, dict[Origin, int]] = {}
    polled: dict[str, dict[Origin, int]] = {}
    for row in await connection.execute(_COUNT, {"within": within, "most": most}):
        counted.setdefault(row.account, {})[Origin(row.origin)] = row.number
        polled.setdefault(row.account, {})[Origin(row.origin)] = row.polled
    return [Origins(account, counted[account], polled[account]) for account in sorted(counted)]
