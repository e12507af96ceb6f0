"""The sweep: find what is pending, due, stuck or lost, and ring. It repairs; it never calls a provider."""

import random
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from service.db.driver import driver_of
from service.handlers.claims import ClaimedRun, read_lost_runs
from service.handlers.marking import mark_run
from service.handlers.repository import handlers_to_run
from service.links.claims import accounts_to_expand
from service.pipeline.bells import Bells
from service.pipeline.running.breakers import Breakers
from service.pipeline.running.marks import lost
from service.records.slots import apps_to_settle
from service.rules.discipline import Breaker

_log = structlog.get_logger()


class Sweep:
    """One round at a time, from any number of schedulers: each round is harmless when repeated."""

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        lost_after: timedelta,
        retries: Mapping[str, Sequence[timedelta]],
        breakers: Mapping[str, Breaker] = MappingProxyType({}),
        bells: Bells,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """`retries`: the `retry` list of each configured handler; `breakers`: of those that have one."""
        self._engine, self._lost_after, self._retries = engine, lost_after, retries
        self._bells, self._jitter = bells, jitter
        self._settings, self._breakers = breakers, Breakers(engine)

    async def sweep(self) -> None:
        """Mark lost attempts, then ring for every app, account and handler that has something due."""
        async with self._engine.connect() as connection:
            lost_runs = await read_lost_runs(connection, lost_after=self._lost_after)
        for run in lost_runs:
            await self._mark_lost(run)
        async with self._engine.connect() as connection:
            apps = await apps_to_settle(connection, lost_after=self._lost_after)
            handlers = await handlers_to_run(connection)
            accounts = await accounts_to_expand(connection, lost_after=self._lost_after)
        for account, app_id in apps:
            self._bells.ring_settle(account, app_id)
        for account in accounts:
            self._bells.ring_expand(account)
        for handler in handlers:
            if handler in self._retries:
                self._bells.ring_run(handler)

    async def _mark_lost(self, run: ClaimedRun) -> None:
        mark = lost(self._retries.get(run.handler), attempts=run.attempts, jitter=self._jitter())
        async with self._engine.begin() as connection:
            marked = await mark_run(await driver_of(connection), run, mark)
        if marked:
            _log.warning(
                "run.attempted",
                run=str(run.id),
                handler=run.handler,
                attempt=run.number,
                outcome=mark.outcome,
                status=mark.status,
            )
            await self._breakers.note(self._settings.get(run.handler), run, mark)
