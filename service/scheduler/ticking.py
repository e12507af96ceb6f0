"""The scheduler's loop: claims due ticks, does the quick ones here, and rings for the jobs."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from service.db.failures import is_our_fault
from service.queue.messages import DoJob
from service.ticks import repository as ticks
from service.ticks.repository import DueTick

OVERDUE = "overdue"
"""The tick that rings again for jobs whose doorbell, or worker, was lost."""
OVERDUE_EVERY = timedelta(seconds=10)
PATIENCE = timedelta(seconds=30)
"""How long a job may stay undone before it is rung for again."""
_LOOK_EVERY = 0.25
_PAUSE_AFTER_FAILURE = 1.0


class Scheduler:
    """One of any number of schedulers. It never calls a provider, and holds nothing that others wait for."""

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        periods: Mapping[DueTick, timedelta],
        here: Mapping[str, Callable[[], Awaitable[None]]],
        ring: Callable[[DoJob], None],
        overdue_every: timedelta = OVERDUE_EVERY,
        patience: timedelta = PATIENCE,
    ) -> None:
        """Take how often each tick is due, and what is done `here` for some; the others are workers' jobs."""
        self._engine, self._ring, self._patience = engine, ring, patience
        self._overdue_every = overdue_every
        self._here = {**here, OVERDUE: self._ring_overdue}
        self._failing = False
        self._ensured: Mapping[DueTick, timedelta] = {}
        self.take(periods)

    def take(self, periods: Mapping[DueTick, timedelta]) -> None:
        """Let these ticks be due so often from the next turn on; those about what is left out go."""
        self._periods = {**periods, DueTick(OVERDUE, ""): self._overdue_every}
        shortest = min(self._periods.values()).total_seconds()
        self._pause = min(_LOOK_EVERY, shortest / 4)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set. Whatever fails, Postgres away above all, is waited out."""
        while not stop.is_set():
            try:
                if self._ensured is not self._periods:
                    await self._ensure_ticks()
                await self.turn()
            except Exception as error:  # noqa: BLE001  a scheduler that ends repairs nothing any more
                self._note_failure(error)
                await _sleep(_PAUSE_AFTER_FAILURE, stop)
            else:
                self._note_success()
                await _sleep(self._pause, stop)

    async def turn(self) -> None:
        """Claim what is due now and answer it. Raises what the database raises."""
        async with self._engine.begin() as connection:
            due = await ticks.claim_due(connection)
        for tick in due:
            if tick.name not in self._here:
                self._ring(DoJob(tick.name, tick.key))
        for tick in due:
            if tick.name in self._here:
                await self._do_here(tick)

    async def _ensure_ticks(self) -> None:
        periods = self._periods
        async with self._engine.begin() as connection:
            for tick in sorted(periods, key=lambda tick: (tick.name, tick.key)):
                await ticks.ensure(connection, tick.name, tick.key, periods[tick])
            await ticks.forget_left(connection, periods)
        self._ensured = periods

    async def _do_here(self, tick: DueTick) -> None:
        await self._here[tick.name]()
        async with self._engine.begin() as connection:
            await ticks.mark_done(connection, tick)

    async def _ring_overdue(self) -> None:
        async with self._engine.connect() as connection:
            late = await ticks.overdue(connection, patience=self._patience, without=self._here)
        for tick in late:
            self._ring(DoJob(tick.name, tick.key))

    def _note_failure(self, error: Exception) -> None:
        if not self._failing:
            self._failing = True
            if is_our_fault(error):
                structlog.get_logger().warning("scheduler.interrupted", error=type(error).__name__)
            else:
                structlog.get_logger().error("scheduler.interrupted", exc_info=error)

    def _note_success(self) -> None:
        if self._failing:
            self._failing = False
            structlog.get_logger().info("scheduler.resumed")


async def _sleep(seconds: float, stop: asyncio.Event) -> None:
    """Pause about that long, so that schedulers don't all ask at once; less when stopped."""
    try:
        await asyncio.wait_for(stop.wait(), seconds * random.uniform(0.8, 1.2))  # noqa: S311  no secret
    except TimeoutError:
        return
