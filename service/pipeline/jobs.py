"""job: periodic work, done by one process at a time under a lease."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from service.errors import LeaseLostError
from service.ticks import repository as ticks

Job = Callable[[str], Awaitable[None]]
"""Takes the tick's key. May be stopped or done twice at any point, and must bear it."""


class Jobs:
    """The jobs that a worker can do, by the name of their tick."""

    def __init__(
        self, registry: Mapping[str, Job], engine: AsyncEngine, *, process_id: UUID, lost_after: timedelta
    ) -> None:
        self._registry, self._engine = registry, engine
        self._process_id, self._lost_after = process_id, lost_after
        self._doing: set[tuple[str, str]] = set()

    async def do(self, name: str, key: str) -> None:
        """Do the job if it was called for and nobody is at it.

        A job that fails gives its lease back and raises; the scheduler rings for it again. Raises
        LeaseLostError when another process took over meanwhile.
        """
        log = structlog.get_logger().bind(job=name, key=key)
        job = self._registry.get(name)
        if job is None:
            # Not marked as done: a newer worker beside this one may know it.
            log.warning("job.refused")
        elif (name, key) in self._doing:
            log.debug("job.skipped")
        else:
            self._doing.add((name, key))  # before the lease is taken: it is free for our own process
            try:
                done = await self._do_under_lease(job, name, key)
            finally:
                self._doing.discard((name, key))
            log.info("job.done") if done else log.debug("job.skipped")

    async def _do_under_lease(self, job: Job, name: str, key: str) -> bool:
        async with self._engine.begin() as connection:
            token = await ticks.take_job(
                connection, name, key, process_id=self._process_id, lost_after=self._lost_after
            )
        if token is None:
            return False
        try:
            await job(key)
        except BaseException:
            async with self._engine.begin() as connection:
                await ticks.give_up_job(connection, token)
            raise
        async with self._engine.begin() as connection:
            if not await ticks.finish_job(connection, token):
                raise LeaseLostError(f"job {name} {key}: another process took it over; it is done twice")
        return True
