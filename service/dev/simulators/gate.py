"""Where calls of a simulated provider are kept waiting until somebody lets them go.

A test holds an answer here, kills the process that waits for it, then lets go.
"""

import asyncio
import itertools
from dataclasses import dataclass


@dataclass(frozen=True)
class HeldCall:
    """One call that waits."""

    number: int
    method: str
    path: str


class Gate:
    """Calls wait in the server's loop; `release` may be called from any thread."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._waiting: dict[int, tuple[HeldCall, asyncio.AbstractEventLoop, asyncio.Event]] = {}

    @property
    def held(self) -> list[HeldCall]:
        """The calls that wait now, oldest first."""
        return [call for call, _, _ in list(self._waiting.values())]

    async def wait(self, method: str, path: str) -> None:
        """Wait here until released."""
        call = HeldCall(next(self._numbers), method, path)
        opened = asyncio.Event()
        self._waiting[call.number] = (call, asyncio.get_running_loop(), opened)
        try:
            await opened.wait()
        finally:
            self._waiting.pop(call.number, None)

    def release(self, count: int | None = None) -> int:
        """Let the oldest `count` calls go, or all of them; tell how many went."""
        released = 0
        for number in list(self._waiting)[:count]:
            entry = self._waiting.pop(number, None)
            if entry is not None:
                _, loop, opened = entry
                loop.call_soon_threadsafe(opened.set)
                released += 1
        return released
