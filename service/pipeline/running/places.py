"""How many runs a process works on at once, over all its handlers."""

import asyncio


class Places:
    """A number of places, given in the order in which they were asked for."""

    def __init__(self, count: int) -> None:
        self._free = asyncio.Semaphore(count)

    async def take(self, most: int) -> int:
        """Wait for one place, then take up to `most` of those that nobody waits for; tells how many."""
        await self._free.acquire()
        taken = 1
        while taken < most and not self._free.locked():
            await self._free.acquire()
            taken += 1
        return taken

    def give_back(self, count: int = 1) -> None:
        """Let others have so many."""
        for _ in range(count):
            self._free.release()
