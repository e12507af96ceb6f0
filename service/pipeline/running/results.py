"""tx2 of runs: attempts that end while results are being committed share the next transaction.

    the records that nobody else holds · each run, with its token · its attempt · the record's next run

A run whose record somebody holds, or whose values Postgres refuses, gets a transaction of its own: so none
waits for another one's record, and none suffers from what another one's result contains.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from service.db.driver import driver_of
from service.db.persisting import persist
from service.errors import LeaseLostError
from service.handlers.claims import ClaimedRun
from service.handlers.marking import Mark, mark_run, mark_runs


@dataclass(frozen=True, slots=True)
class _Result:
    run: ClaimedRun
    mark: Mark
    stored: "asyncio.Future[None]"

    def end(self, *, was_ours: bool) -> None:
        if self.stored.done():  # whoever waited for it was cancelled
            return
        if was_ours:
            self.stored.set_result(None)
        else:
            self.stored.set_exception(LeaseLostError(f"run {self.run.id} is somebody else's"))

    def fail(self, error: BaseException) -> None:
        if not self.stored.done():
            self.stored.set_exception(error)


class Results:
    """Stores results in the event loop of one process, one group at a time."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._waiting: list[_Result] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._storing = False

    async def store(self, run: ClaimedRun, mark: Mark) -> None:
        """Return when the result is committed, however long our database is away.

        Raises LeaseLostError if the run is not ours any more; what Postgres or JSON says of values that
        can't be stored.
        """
        result = _Result(run, mark, asyncio.get_running_loop().create_future())
        self._waiting.append(result)
        if not self._storing:
            self._storing = True
            self._begin(self._store_waiting())
        await result.stored

    async def _store_waiting(self) -> None:
        try:
            await asyncio.sleep(0)  # those that end in the same turn of the loop go together
            while self._waiting:
                group, self._waiting = self._waiting, []
                await self._store_group(group)
        finally:
            self._storing = False

    async def _store_group(self, group: Sequence[_Result]) -> None:
        try:
            left = await persist(lambda: self._mark_free(group))
        except Exception:  # noqa: BLE001  whose fault it is shows when each is stored alone
            left = list(group)
        for result in left:
            self._begin(self._store_alone(result))

    async def _mark_free(self, group: Sequence[_Result]) -> list[_Result]:
        """Mark those whose record is free; gives the others."""
        async with self._engine.begin() as connection:
            marked = await mark_runs(
                await driver_of(connection), [(result.run, result.mark) for result in group]
            )
        for result in group:
            if result.run in marked:
                result.end(was_ours=marked[result.run])
        return [result for result in group if result.run not in marked]

    async def _store_alone(self, result: _Result) -> None:
        try:
            result.end(was_ours=await persist(lambda: self._mark_one(result)))
        except BaseException as error:
            result.fail(error)
            if not isinstance(error, Exception):
                raise

    async def _mark_one(self, result: _Result) -> bool:
        async with self._engine.begin() as connection:
            return await mark_run(await driver_of(connection), result.run, result.mark)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
