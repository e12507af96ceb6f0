"""Where changes came from: how many a webhook told of, and how many only reconciling found."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.changes.types import Origin
from service.db.counting import COUNTED_AT_MOST

_COUNT = text("""
    SELECT account, origin, count(*) FROM (
        SELECT account, origin FROM changes WHERE created_at > now() - CAST(:within AS interval)
        ORDER BY created_at DESC LIMIT :most) AS lately
    GROUP BY account, origin""")


@dataclass(frozen=True, slots=True)
class Origins:
    """The changes of one account by their origin."""

    account: str
    changes: Mapping[Origin, int]

    @property
    def lost_per_10000(self) -> float:
        """Of 10,000 changes that webhooks should have told of, so many were found by reconciling alone."""
        lost = self.changes.get(Origin.RECONCILE, 0)
        told = self.changes.get(Origin.WEBHOOK, 0)
        return 10_000 * lost / (lost + told) if lost else 0.0


async def count_origins(
    connection: AsyncConnection, *, within: timedelta, most: int | None = COUNTED_AT_MOST
) -> list[Origins]:
    """Count the changes of a time by account and origin, the newest `most` of them (None: all)."""
    counted: dict[str, dict[Origin, int]] = {}
    for account, origin, changes in await connection.execute(_COUNT, {"within": within, "most": most}):
        counted.setdefault(account, {})[Origin(origin)] = changes
    return [Origins(account, counted[account]) for account in sorted(counted)]
