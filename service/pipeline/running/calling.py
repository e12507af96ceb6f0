"""Calling a handler within its time limit, for a change or for an alarm."""

import asyncio
from collections.abc import Awaitable, Mapping

import structlog

from service.handlers.kinds import BoundHandler
from service.handlers.outcomes import outcome_of
from service.handlers.types import Outcome

_log = structlog.get_logger()

GRACE = 2.0
"""Seconds that a cancelled handler has to end."""


class Calls:
    """The calls of one process. It knows those that could not be ended."""

    def __init__(self) -> None:
        self._stuck: dict[str, set[asyncio.Future[Outcome]]] = {}

    def is_stuck(self, handler: BoundHandler) -> bool:
        """Whether a call of it that was cancelled goes on, in the event loop or in a thread. From any thread.

        Nobody can end such a call, only its process: no other one should be begun here.
        """
        return bool(self._stuck.get(handler.name)) or handler.abandoned() > 0

    async def make(self, handler: BoundHandler, call: Awaitable[Outcome], ids: Mapping[str, str]) -> Outcome:
        """Wait for a call as long as the handler may take, and say how it ended; `ids` are for the log.

        Raises what no handler may raise: LeaseLostError, and what is no Exception.
        """
        task = asyncio.ensure_future(call)
        ended, _ = await asyncio.wait({task}, timeout=handler.timeout.total_seconds())
        if not ended:
            task.cancel()
            ended, _ = await asyncio.wait({task}, timeout=GRACE)
            if not ended:
                self._keep(handler.name, task)
                _log.error("handler.stuck", handler=handler.name, **ids)
        if not ended or task.cancelled():
            return outcome_of(TimeoutError(), timeout=handler.timeout)
        error = task.exception()
        if error is None:
            return task.result()
        if not isinstance(error, Exception):
            raise error
        _log.warning("handler.raised", handler=handler.name, exc_info=error, **ids)
        return outcome_of(error, timeout=handler.timeout)

    def _keep(self, handler: str, task: asyncio.Future[Outcome]) -> None:
        stuck = self._stuck.setdefault(handler, set())
        stuck.add(task)
        task.add_done_callback(stuck.discard)
        task.add_done_callback(_take_no_notice)


def _take_no_notice(task: asyncio.Future[Outcome]) -> None:
    """Read how it ended after all: asyncio would log an error that nobody has read."""
    if not task.cancelled():
        task.exception()
