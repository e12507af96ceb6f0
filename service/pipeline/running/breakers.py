"""Circuit breakers: what attempts tell of their handlers, and the alarm of those that fail.

Noted after the attempt is marked, in a transaction of its own: a process that is lost in between has
miscounted by one, and nothing else. A handler that works costs nothing here.
"""

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from service.alarms.repository import AlarmName, clear_alarm, raise_alarm
from service.clock import iso
from service.db.persisting import persist
from service.handlers.claims import ClaimedRun
from service.handlers.marking import Mark
from service.handlers.states import Failure, note_failure, note_success
from service.rules.discipline import Breaker


class Breakers:
    """Opens and closes the breakers of handlers, for one process."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def note(self, breaker: Breaker | None, run: ClaimedRun, mark: Mark) -> None:
        """Note what an attempt tells of its handler. `breaker` None: it has none."""
        if breaker is None or mark.handler_works is None:
            return
        if not mark.handler_works:
            await persist(lambda: self._note_failure(breaker, run, mark))
        elif run.handler_failing:
            await persist(lambda: self._note_success(run.handler))

    async def _note_failure(self, breaker: Breaker, run: ClaimedRun, mark: Mark) -> None:
        async with self._engine.begin() as connection:
            failure = await note_failure(connection, run.handler, breaker, run_id=run.id, number=run.number)
            if failure is not None and failure.probe_at is not None:
                message = _message(run.handler, failure, mark)
                await raise_alarm(connection, AlarmName.HANDLER_FAILING, run.handler, message)

    async def _note_success(self, handler: str) -> None:
        async with self._engine.begin() as connection:
            if await note_success(connection, handler):
                await clear_alarm(connection, AlarmName.HANDLER_FAILING, handler)
                structlog.get_logger().info("breaker.closed", handler=handler)


def _message(handler: str, failure: Failure, mark: Mark) -> str:
    tried = (
        ""
        if failure.probe_at is None
        else f": one is tried at {iso(failure.probe_at)}, then ever more seldom"
    )
    return (
        f"handler {handler} failed {failure.in_row} times in a row, at last with: {mark.error}; its runs wait"
        f"{tried}; they go on by themselves when one succeeds"
    )
