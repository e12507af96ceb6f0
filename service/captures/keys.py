"""The in-process set of keys that let requests in: a flood of unknown ones costs next to nothing."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from service.errors import Disposition, RelayError


class CapturesUnavailableError(RelayError):
    """Whether the key is open can't be told now. The fault is ours."""

    disposition = Disposition.RETRY
    retry_after = 5.0


class OpenKeys:
    """Keys as they were read last. All unknown ones together cause at most one read per `least_gap`.

    A known key costs nothing here; whether it is open still is for who stores the request to say.
    """

    def __init__(
        self,
        load: Callable[[], Awaitable[frozenset[str]]],
        *,
        least_gap: timedelta = timedelta(seconds=1),
        wait: timedelta = timedelta(seconds=10),
    ) -> None:
        self._load, self._gap, self._wait = load, least_gap.total_seconds(), wait.total_seconds()
        self._known: frozenset[str] = frozenset()
        self._reading: asyncio.Task[frozenset[str]] | None = None
        """Begins after the gap, and is shared by all who ask until then."""
        self._free_at = 0.0

    async def has(self, key: str) -> bool:
        """Tell whether a key was open a moment ago: an unknown one waits for a read that begins from now on.

        Raises CapturesUnavailableError where that takes too long, and what the database raises.
        """
        if key in self._known:
            return True
        try:
            async with asyncio.timeout(self._wait):
                self._known = await asyncio.shield(self._next_read())
        except TimeoutError:
            raise CapturesUnavailableError("the database does not say which keys are open") from None
        return key in self._known

    def forget(self, key: str) -> None:
        """Take a key for unknown: it turned out to be closed."""
        self._known -= {key}

    async def close(self) -> None:
        """Give up what is being read."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)

    def _next_read(self) -> asyncio.Task[frozenset[str]]:
        if self._reading is None:
            self._reading = asyncio.create_task(self._read(), name="open-keys")
            self._reading.add_done_callback(_retrieve)
        return self._reading

    async def _read(self) -> frozenset[str]:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(max(0.0, self._free_at - loop.time()))
        self._free_at = loop.time() + self._gap
        self._reading = None  # who asks from now on may know of a key that this read does not see
        return await self._load()


def _retrieve(task: asyncio.Task[frozenset[str]]) -> None:
    if not task.cancelled():
        task.exception()  # who waited for it has it; if all of them gave up, nobody else complains
