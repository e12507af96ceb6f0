"""Threads for synchronous handlers: a bounded number, and one that hangs never blocks anything else.

Not a ThreadPoolExecutor: its threads are joined when the process ends, so one hanging handler would keep
the process alive for ever.
"""

import asyncio
import contextlib
import contextvars
import threading
from collections.abc import Callable
from typing import TypeVar

R = TypeVar("R")


class Threads:
    """At most `limit` calls at a time, each in a daemon thread of its own. One event loop per instance."""

    def __init__(self, name: str, limit: int) -> None:
        self._name = name
        self._free = asyncio.Semaphore(limit)
        self._abandoned = 0

    @property
    def abandoned(self) -> int:
        """How many threads still run although nobody waits for them any more."""
        return self._abandoned

    async def run(self, function: Callable[[], R]) -> R:
        """Call `function` in a thread and return what it returns, or raise what it raises.

        Cancelling stops the wait, not the thread: a thread can't be stopped. It keeps its place until it
        ends, so that no more than `limit` run at a time. What is no ordinary error (`sys.exit()`) comes as
        a RuntimeError: it must not end the event loop.
        """
        await self._free.acquire()
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[R] = loop.create_future()
        context = contextvars.copy_context()

        def work() -> None:
            settle: Callable[[], None]
            try:
                result = context.run(function)
            except BaseException as error:  # noqa: BLE001 - a thread has nobody above it: all goes to the waiter
                failure = _ordinary(error)
                settle = lambda: ended.set_exception(failure)  # noqa: E731 - one of two, chosen here
            else:
                settle = lambda: ended.set_result(result)  # noqa: E731 - one of two, chosen here
            with contextlib.suppress(RuntimeError):  # the loop is closed: the process is ending
                loop.call_soon_threadsafe(self._leave, ended, settle)

        try:
            threading.Thread(target=work, name=f"handler-{self._name}", daemon=True).start()
        except RuntimeError:  # the machine gives no more threads
            self._free.release()
            raise
        try:
            return await ended
        except asyncio.CancelledError:
            if ended.cancelled():
                self._abandoned += 1
            raise

    def _leave(self, ended: "asyncio.Future[R]", settle: Callable[[], None]) -> None:
        self._free.release()
        if ended.cancelled():
            self._abandoned -= 1
        else:
            settle()


def _ordinary(error: BaseException) -> Exception:
    if isinstance(error, Exception) and not isinstance(error, StopIteration):  # a future can't hold that one
        return error
    ordinary = RuntimeError(f"the handler raised {type(error).__name__}: {error}")
    ordinary.__cause__ = error
    return ordinary
