"""retention: forgets what is finished and old, a small transaction at a time."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from service.retention import repository
from service.retention.repository import ChangeMark

BATCH = 1000
SMALL_AGES: Mapping[str, timedelta] = MappingProxyType(
    {
        "alarms": timedelta(days=30),
        "calls": timedelta(days=1),
        "captures": timedelta(days=1),
        "linked_records": timedelta(days=1),
        "own_writes": timedelta(hours=1),
        "processes": timedelta(days=1),
    }
)
"""How long are kept: cleared alarms, calls that no longer count, captures that are over, fetched linked
records, notes of own writes (far longer than they hide a change), silent processes."""
_BEGINNING = ChangeMark(datetime.min.replace(tzinfo=UTC), UUID(int=0))


class Retention:
    """The job `retention`. Unfinished things are never removed; it may be stopped at any point."""

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        deliveries: timedelta,
        changes: timedelta,
        rules_digest: str = "",
        batch: int = BATCH,
    ) -> None:
        """Take how long settled deliveries, and changes whose runs are all finished, are kept.

        Keys of records that no handler has used for as long as changes are kept are forgotten too.

        `rules_digest` names the rules in use: they stay, also where they judged nothing yet.
        """
        self._engine, self._deliveries, self._changes, self._batch = engine, deliveries, changes, batch
        self._rules_digest = rules_digest

    async def forget(self, _key: str = "") -> None:
        """Forget all that is old enough now."""
        forgotten = {"deliveries": await self._forget_deliveries(), "changes": await self._forget_changes()}
        forgotten["rulebooks"] = await self._forget_rulebooks()
        forgotten["upserts"] = await self._forget_small("upserts", self._changes)
        for table, age in SMALL_AGES.items():
            forgotten[table] = await self._forget_small(table, age)
        structlog.get_logger().info("retention.done", **forgotten)

    async def _forget_deliveries(self) -> int:
        total, after = 0, 0
        while True:
            async with self._engine.begin() as connection:
                forgotten, reached = await repository.forget_deliveries(
                    connection, older_than=self._deliveries, after=after, batch=self._batch
                )
            total += forgotten
            if reached is None:
                return total
            after = reached

    async def _forget_changes(self) -> int:
        total, after = 0, _BEGINNING
        while True:
            async with self._engine.begin() as connection:
                forgotten, reached = await repository.forget_changes(
                    connection, older_than=self._changes, after=after, batch=self._batch
                )
            total += forgotten
            if reached is None:
                return total
            after = reached

    async def _forget_rulebooks(self) -> int:
        async with self._engine.begin() as connection:
            return await repository.forget_rulebooks(
                connection, older_than=self._changes, current=self._rules_digest
            )

    async def _forget_small(self, table: str, age: timedelta) -> int:
        total = 0
        while True:
            async with self._engine.begin() as connection:
                forgotten = await repository.forget_small(
                    connection, table, older_than=age, batch=self._batch
                )
            total += forgotten
            if forgotten < self._batch:
                return total
