"""tell(handler): tell a handler of alarms that were raised or cleared, for up to five seconds.

    tx1  claim its first due notice
    --   call the handler, within its time limit
    tx2  only with the notice's token · how it ended, when to try again

At least once, with one idempotency key over all attempts; what fails is tried again as the handler's `retry`
list says. That an alarm could not be told raises none: it stays in the log, and in `relay alarms list`.
"""

import random
from collections.abc import Callable, Mapping
from time import monotonic
from uuid import UUID, uuid4

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from service.alarms.notices import (
    ClaimedNotice,
    claim_notice,
    handlers_to_tell,
    mark_notice,
    take_back_notice,
)
from service.db.failures import is_our_fault
from service.db.persisting import persist
from service.handlers.alarms import Alarm, AlarmContext
from service.handlers.kinds import BoundHandler
from service.pipeline.bells import Bells
from service.pipeline.running.calling import Calls
from service.pipeline.running.marks import mark_of
from service.pipeline.telling.notices import as_notice_mark, log_attempt

_log = structlog.get_logger()

WORKS_FOR = 5.0
"""Seconds: so long one doorbell is answered before another one gets its turn."""


class Teller:
    """Tells handlers of alarms, for one process."""

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        process_id: UUID,
        handlers: Mapping[str, BoundHandler],
        bells: Bells,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """`handlers`: those under `alarms:`, by name."""
        self._engine, self._process_id, self._handlers = engine, process_id, handlers
        self._bells, self._jitter, self._calls = bells, jitter, Calls()
        self._winding_down = False

    def wind_down(self) -> None:
        """Claim no notice any more."""
        self._winding_down = True

    def stuck_handlers(self) -> set[str]:
        """Those with a call that could not be ended: they are told nothing here. From any thread."""
        return {name for name, handler in self._handlers.items() if self._calls.is_stuck(handler)}

    async def tell(self, handler_name: str) -> None:
        """Answer one doorbell. Notices of a handler that is not under `alarms:` any more are held."""
        handler = self._handlers.get(handler_name)
        if handler is None:
            _log.warning("handler.not_found", handler=handler_name)
            return
        until = monotonic() + WORKS_FOR
        while not (self._winding_down or self._calls.is_stuck(handler)) and monotonic() < until:
            notice = await self._claim(handler_name)
            if notice is None:
                return
            await self._attempt(handler, notice)
        if self._calls.is_stuck(handler):
            return  # it might be this process that hears it, again and again: the sweep rings every second
        async with self._engine.connect() as connection:
            if handler_name in await handlers_to_tell(connection):
                self._bells.ring_tell(handler_name)

    async def _claim(self, handler: str) -> ClaimedNotice | None:
        token = uuid4()
        try:
            async with self._engine.begin() as connection:
                return await claim_notice(connection, handler, token=token, holder=self._process_id)
        except Exception as error:
            if is_our_fault(error):
                # It may be committed all the same: a notice that we hold and don't know of is never told.
                await persist(lambda: self._take_back(handler, token))
            raise

    async def _take_back(self, handler: str, token: UUID) -> None:
        async with self._engine.begin() as connection:
            await take_back_notice(connection, handler, token)

    async def _attempt(self, handler: BoundHandler, notice: ClaimedNotice) -> None:
        alarm = Alarm(notice.name, notice.subject, notice.message, notice.since, notice.cleared_at)
        context = AlarmContext(notice_id=notice.id, handler=notice.handler, attempt=notice.attempts)
        outcome = await self._calls.make(handler, handler.tell(alarm, context), {"notice": str(notice.id)})
        ended = mark_of(outcome, handler.retry, attempts=notice.attempts, jitter=self._jitter())
        mark = as_notice_mark(ended)

        async def write() -> bool:
            async with self._engine.begin() as connection:
                return await mark_notice(connection, notice, mark)

        if await persist(write):
            log_attempt(notice, mark)
        else:
            _log.warning("notice.lost", notice=str(notice.id), handler=notice.handler)
