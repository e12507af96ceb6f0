"""Group commit: requests that wait while a commit is under way share the next INSERT and its COMMIT."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from types import TracebackType
from typing import Self

from service.inbox.flusher import Flusher, NoteCommit
from service.inbox.inserting import NewDelivery
from service.inbox.waiting import WaitingRequests


class InboxWriter:
    """Stores deliveries durably. Use it as an async context manager, in one event loop.

    `flushers` connections commit side by side. Nothing is connected before the first delivery, and the
    database may come and go: what it costs a request is time, up to `max_wait`.
    """

    def __init__(
        self,
        database_url: str,
        *,
        flushers: int = 2,
        max_bytes: int = 64 * 2**20,
        max_wait: timedelta = timedelta(seconds=5),
        note_commit: NoteCommit = lambda _rows, _seconds: None,
    ) -> None:
        self._waiting = WaitingRequests(max_bytes=max_bytes, max_wait=max_wait)
        self._flushers = [
            Flusher(database_url, self._waiting, max_wait=max_wait, note_commit=note_commit)
            for _ in range(flushers)
        ]
        self._tasks: list[asyncio.Task[None]] = []

    async def store(self, deliveries: Sequence[NewDelivery]) -> None:
        """Return when these deliveries (all of one request, at least one) are committed, never before.

        Raises InboxFullError, InboxUnavailableError or UnstorableError; the first two carry `retry_after`.
        """
        await self._waiting.wait_for_commit(deliveries)

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(flusher.run(), name="inbox-flusher") for flusher in self._flushers]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._waiting.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
