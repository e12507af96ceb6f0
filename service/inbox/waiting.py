"""Requests that wait for their commit: bounded in bytes and time, taken in groups, in order of arrival."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from service.inbox.errors import InboxFullError, InboxUnavailableError
from service.inbox.inserting import NewDelivery

_REQUEST_BYTES = 2048  # what a waiting request costs in memory besides its body, roughly
_DELIVERY_BYTES = 256


@dataclass(eq=False, slots=True)
class WaitingRequest:
    """The deliveries of one request, and the future that ends its wait.

    `done` is also done when the request no longer waits: it ran out of time, or was cancelled.
    """

    deliveries: Sequence[NewDelivery]
    size: int
    expires_at: float
    """On the event loop's clock."""
    done: asyncio.Future[None]

    def succeed(self) -> None:
        """Let the request go on: its deliveries are committed."""
        if not self.done.done():
            self.done.set_result(None)

    def fail(self, error: BaseException) -> None:
        """Let the request fail with `error`."""
        if not self.done.done():
            self.done.set_exception(error)


class WaitingRequests:
    """All requests of a process that wait for a commit; belongs to one event loop.

    `max_bytes` bounds what waits or is being committed, `max_wait` each request's wait; a group has at most
    `group_deliveries` and `group_bytes`, but at least one request.
    """

    def __init__(
        self,
        *,
        max_bytes: int,
        max_wait: timedelta,
        group_deliveries: int = 1000,
        group_bytes: int = 4 * 2**20,
    ) -> None:
        self._max_bytes, self._max_wait = max_bytes, max_wait.total_seconds()
        self._group_deliveries, self._group_bytes = group_deliveries, group_bytes
        self._queue: dict[WaitingRequest, None] = {}  # in order, and any of them can leave at once
        self._unanswered: dict[WaitingRequest, None] = {}  # these, and those that a group holds
        self._expiry: asyncio.TimerHandle | None = None  # of the oldest: a timer for each would cost more
        self._bytes = 0
        self._arrived = asyncio.Event()
        self._closed = False

    async def wait_for_commit(self, deliveries: Sequence[NewDelivery]) -> None:
        """Wait until somebody has committed these deliveries.

        Raises InboxFullError at once, InboxUnavailableError after `max_wait`, or what the commit failed with.
        A request that is cancelled or out of time leaves the queue: it is not stored later.
        """
        size = _REQUEST_BYTES + sum(_DELIVERY_BYTES + len(each.body or b"") for each in deliveries)
        if self._closed:
            raise InboxUnavailableError("this process is ending: no delivery is taken any more")
        if self._bytes + size > self._max_bytes:
            raise InboxFullError(f"requests of more than {self._max_bytes} bytes wait for the database")
        loop = asyncio.get_running_loop()
        request = WaitingRequest(deliveries, size, loop.time() + self._max_wait, loop.create_future())
        self._queue[request] = self._unanswered[request] = None
        self._bytes += size
        self._arrived.set()
        if self._expiry is None:
            self._expiry = loop.call_at(request.expires_at, self._expire, loop)
        try:
            await request.done
        finally:
            del self._unanswered[request]
            if request in self._queue:
                self._leave(request)

    async def next_group(self) -> list[WaitingRequest]:
        """Wait until there are requests and take as many of the oldest as fit into one statement.

        Whoever takes a group ends each of its requests, and then gives it to `release`.
        """
        while not self._queue:
            self._arrived.clear()
            await self._arrived.wait()
            await asyncio.sleep(0)  # whoever is read in this turn of the loop comes along
        group: list[WaitingRequest] = []
        deliveries = size = 0
        for request in self._queue:
            deliveries += len(request.deliveries)
            size += request.size
            if group and (deliveries > self._group_deliveries or size > self._group_bytes):
                break
            group.append(request)
        for request in group:
            del self._queue[request]
        return group

    def release(self, group: Sequence[WaitingRequest]) -> None:
        """Forget a group whose requests have all ended: its bytes make room for others."""
        self._bytes -= sum(request.size for request in group)

    def close(self) -> None:
        """Take no more, and end every request that no group holds, with InboxUnavailableError."""
        self._closed = True
        for request in list(self._queue):
            self._leave(request)
            request.fail(InboxUnavailableError("this process is ending: the delivery was not stored"))

    def _expire(self, loop: asyncio.AbstractEventLoop) -> None:
        """End the wait of every request that is out of time, and look again when the next one may be."""
        self._expiry = None
        for request in self._unanswered:
            if request.expires_at > loop.time():
                self._expiry = loop.call_at(request.expires_at, self._expire, loop)
                return
            request.fail(InboxUnavailableError(f"the database did not commit within {self._max_wait:g} s"))

    def _leave(self, request: WaitingRequest) -> None:
        del self._queue[request]
        self._bytes -= request.size
