"""Whether this process may be sent deliveries: what `GET /health/ready` answers, looked at in the background.

Nothing that a delivery does not need is looked at here: Redis, workers or budgets away must not take the
receiver out, for then webhooks would be lost.
"""

import asyncio
import time
from collections.abc import Callable, Collection
from datetime import timedelta
from types import TracebackType
from typing import Self

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

_log = structlog.get_logger()


class Readiness:
    """Looks at the database every `look_every`; what it saw counts for `fresh_for`.

    `outdated` are the schema revisions that are too old for this code. A revision that it does not know is
    newer, and fits: migrations keep the old code working while processes are replaced.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        outdated: Collection[str],
        table_loaded: Callable[[], bool],
        look_every: timedelta = timedelta(seconds=2),
        fresh_for: timedelta = timedelta(seconds=10),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine, self._outdated, self._table_loaded = engine, outdated, table_loaded
        self._look_every, self._fresh_for = look_every.total_seconds(), fresh_for.total_seconds()
        self._clock = clock
        self._seen_at: float | None = None
        self._schema_current = False
        self._task: asyncio.Task[None] | None = None

    def problems(self) -> list[str]:
        """Why no deliveries should be sent here now; empty when they should. Asks nobody."""
        if self._seen_at is None or self._clock() - self._seen_at > self._fresh_for:
            return [f"Postgres was not seen in the last {self._fresh_for:g} s"]
        found = []
        if not self._schema_current:
            found.append("the database schema is older than this code: run `relay migrate`")
        if not self._table_loaded():
            found.append("the registrations are not loaded yet")
        return found

    async def look(self) -> None:
        """Ask the database once for its schema revision. Raises nothing: what fails is not seen."""
        try:
            async with asyncio.timeout(self._fresh_for / 2), self._engine.connect() as connection:
                exists = await connection.scalar(text("SELECT to_regclass('alembic_version') IS NOT NULL"))
                query = text("SELECT version_num FROM alembic_version")
                revision = await connection.scalar(query) if exists else None
        except Exception as error:  # noqa: BLE001  # whatever the driver raises, it means: not seen
            _log.debug("readiness.look_failed", error=type(error).__name__)
            return
        self._seen_at = self._clock()
        self._schema_current = revision is not None and revision not in self._outdated

    async def _look_until_cancelled(self) -> None:
        while True:
            await self.look()
            await asyncio.sleep(self._look_every)

    async def __aenter__(self) -> Self:
        await self.look()
        self._task = asyncio.create_task(self._look_until_cancelled(), name="readiness")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
