"""Several runs of one handler at once, for kinds that take several changes.

    own database   the records that nobody else holds · all effects · all marks, with the runs' tokens
    elsewhere      all effects · then the marks

in one transaction, or none of it. What can't go together is halved, down to the runs that must go alone: they
are attempts like any other.
"""

import asyncio
from collections.abc import Sequence
from time import monotonic

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.db.driver import driver_of
from service.db.persisting import persist
from service.errors import LeaseLostError, RelayError
from service.handlers.claims import ClaimedChange, ClaimedRun
from service.handlers.kinds import BatchApart, BoundHandler, OwnBatch
from service.handlers.marking import Mark, lock_free_records, mark_locked_runs
from service.pipeline.running.attempts import Attempts

_log = structlog.get_logger()

Claimed = Sequence[tuple[ClaimedRun, ClaimedChange]]


class BatchTooSlowError(RelayError):
    """Several runs together took longer than one may take."""


class Batches:
    """Makes the attempts of one process at several runs at once."""

    def __init__(self, engine: AsyncEngine, attempts: Attempts) -> None:
        self._engine, self._attempts = engine, attempts

    async def make(self, handler: BoundHandler, claimed: Claimed) -> None:
        """Make one attempt at each of these runs. Whatever goes wrong, nothing is raised for it."""
        if len(claimed) == 1 or handler.batch is None:
            for run, seen in claimed:
                await self._attempts.make(handler, run, seen)
            return
        try:
            left = await self._make_together(handler, handler.batch, claimed)
        except Exception as error:  # noqa: BLE001  whosever fault it is shows when each goes alone
            _log.info("batch.halved", handler=handler.name, runs=len(claimed), error=type(error).__name__)
            middle = len(claimed) // 2
            await self.make(handler, claimed[:middle])
            await self.make(handler, claimed[middle:])
        else:
            for run, seen in left:
                await self._attempts.make(handler, run, seen)

    async def _make_together(
        self, handler: BoundHandler, batch: OwnBatch | BatchApart, claimed: Claimed
    ) -> Claimed:
        """Make an attempt at all of them, or at none; gives those whose records are busy."""
        began = monotonic()
        if isinstance(batch, BatchApart):
            async with asyncio.timeout(handler.timeout.total_seconds()):
                outcomes = await batch.write([self._attempts.change_of(*each) for each in claimed])
            runs = [run for run, _ in claimed]
            await asyncio.gather(
                *(
                    self._attempts.conclude(handler, run, outcome, began=began)
                    for run, outcome in zip(runs, outcomes, strict=True)
                )
            )
            return []
        await batch.prepare()
        marks = await persist(lambda: self._write(handler, batch, claimed))
        for run, mark in marks.items():
            await self._attempts.tell(handler, run, mark, began=began)
        return [each for each in claimed if each[0] not in marks]

    async def _write(
        self, handler: BoundHandler, batch: OwnBatch, claimed: Claimed
    ) -> dict[ClaimedRun, Mark]:
        """Write effects and marks of the runs whose records are free. Raises what undoes all of them."""
        limit = asyncio.timeout(handler.timeout.total_seconds())
        try:
            async with limit, self._engine.begin() as connection:
                return await self._write_in(connection, handler, batch, claimed)
        except TimeoutError as error:
            if limit.expired():
                raise BatchTooSlowError(f"not done within the timeout of {handler.name}") from error
            raise  # our database is slow: that is waited out

    async def _write_in(
        self, connection: AsyncConnection, handler: BoundHandler, batch: OwnBatch, claimed: Claimed
    ) -> dict[ClaimedRun, Mark]:
        driver = await driver_of(connection)
        ours = await lock_free_records(driver, [run for run, _ in claimed])
        free = [each for each in claimed if (each[0].account, each[0].app_id, each[0].record_id) in ours]
        if not free:
            return {}
        outcomes = await batch.write(connection, [self._attempts.change_of(*each) for each in free])
        marks = {
            run: self._attempts.mark_of(handler, run, outcome)
            for (run, _), outcome in zip(free, outcomes, strict=True)
        }
        marked = await mark_locked_runs(driver, list(marks.items()))
        if len(marked) != len(marks):
            raise LeaseLostError("one of the runs is somebody else's")
        return marks
