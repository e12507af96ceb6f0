"""SIGHUP: it asks to read the configuration anew, or says that the terminal is gone.

Both are sent as the same signal: by a person (`kill -HUP`) and by the system when a terminal is closed.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from types import FrameType


class Terminal:
    """The terminal that this process was started in, if it was. Make it at the start."""

    def __init__(self) -> None:
        self._was_there = _is_there()

    @property
    def is_gone(self) -> bool:
        """Whether there was one, and it was closed: what was started in it has to end."""
        return self._was_there and not _is_there()


def expect_sighup() -> None:
    """Let SIGHUP do nothing until it is heeded, rather than end the process. Main thread only."""
    signal.signal(signal.SIGHUP, _do_nothing)


@asynccontextmanager
async def heeding_sighup(
    reload: Callable[[], Awaitable[None]], *, end: Callable[[], None]
) -> AsyncIterator[None]:
    """While the block runs, SIGHUP calls `reload`, never twice at once, or `end` if the terminal is gone.

    Main thread only. What `reload` raises ends its task, not the block.
    """
    asked, terminal = asyncio.Event(), Terminal()

    async def reload_when_asked() -> None:
        while True:
            await asked.wait()
            asked.clear()
            await reload()

    def hear() -> None:
        if terminal.is_gone:
            end()
        else:
            asked.set()

    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGHUP, hear)
    task = asyncio.create_task(reload_when_asked(), name="reload")
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGHUP)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _do_nothing(_number: int, _frame: FrameType | None) -> None:
    """Heed it later."""


def _is_there() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC))
    except OSError:
        return False
    return True
