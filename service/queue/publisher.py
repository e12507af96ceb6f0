"""Rings doorbells from any thread or event loop, without ever making the caller wait or fail."""

import threading
import time
from typing import Any, Self

import redis
import structlog
from dramatiq import Message

from service.queue.broker import DoorbellBroker, make_broker
from service.queue.messages import Doorbell, RunHandler, SettleApp, arguments_of, queue_of

MAX_QUEUED = 1000
"""A queue in Redis that is longer gets no more: nobody answers it, and the sweep rings again."""
MAX_WAITING = 10_000
"""The most doorbells that wait in memory for the sending thread."""
_BATCH = 100


class Publisher:
    """Coalesces doorbells and sends them from one thread of its own.

    A doorbell that still waits in memory is not added a second time. One that Redis did not take is dropped:
    what it spoke of stands in Postgres, and the sweep rings again.
    """

    def __init__(self, broker: DoorbellBroker, *, pause_while_away: float = 0.5) -> None:
        self._broker, self._pause_while_away = broker, pause_while_away
        self._waiting: dict[Doorbell, None] = {}
        self._turn = threading.Condition()
        self._closed = threading.Event()
        self._away = False
        self._crowded: set[str] = set()
        self.rung = 0
        """How many doorbells reached Redis."""
        self.dropped = 0
        """How many did not: Redis away, its queue too long, or too many waiting here."""
        self._thread = threading.Thread(target=self._send_until_closed, name="publisher", daemon=True)
        self._thread.start()

    @classmethod
    def open(cls, redis_url: str) -> Self:
        """Make a publisher with connections of its own. It starts whether or not Redis is there."""
        return cls(make_broker(redis_url))

    def ring(self, doorbell: Doorbell) -> None:
        """Say that there is something to look at. Returns at once; never raises."""
        with self._turn:
            if doorbell in self._waiting:
                return
            if self._closed.is_set() or len(self._waiting) >= MAX_WAITING:
                self.dropped += 1
                return
            self._waiting[doorbell] = None
            self._turn.notify()

    def ring_settle(self, account: str, app_id: str) -> None:
        """Ring for an app's pending deliveries."""
        self.ring(SettleApp(account, app_id))

    def ring_run(self, handler: str) -> None:
        """Ring for a handler's ready runs."""
        self.ring(RunHandler(handler))

    def close(self, *, within: float = 1.0) -> None:
        """Send what still waits, for at most `within` seconds, then stop."""
        deadline = time.monotonic() + within
        with self._turn:
            self._closed.set()
            self._turn.notify()
        self._thread.join(max(0.0, deadline - time.monotonic()))
        self._broker.close()

    def _send_until_closed(self) -> None:
        while True:
            with self._turn:
                while not self._waiting and not self._closed.is_set():
                    self._turn.wait()
                if not self._waiting:
                    return
                # Taken out before they are sent: a ring from now on means something newer, and goes too.
                batch = list(self._waiting)[:_BATCH]
                for doorbell in batch:
                    del self._waiting[doorbell]
            self._send(batch)

    def _send(self, batch: list[Doorbell]) -> None:
        sent = 0
        try:
            room = {name: self._room_in(name) for name in sorted({queue_of(doorbell) for doorbell in batch})}
            for doorbell in batch:
                name = queue_of(doorbell)
                if room[name] <= 0:
                    continue
                self._broker.enqueue(_message(doorbell))
                room[name] -= 1
                sent += 1
            self._note_return()
        except (redis.RedisError, OSError, ValueError) as error:  # ValueError: the client was closed under us
            self._note_loss(error)
        finally:
            with self._turn:
                self.rung += sent
                self.dropped += len(batch) - sent

    def _room_in(self, queue_name: str) -> int:
        room = MAX_QUEUED - self._broker.waiting(queue_name)
        if room <= 0 and queue_name not in self._crowded:
            self._crowded.add(queue_name)
            structlog.get_logger().warning("queue.crowded", queue=queue_name, limit=MAX_QUEUED)
        elif room > 0:
            self._crowded.discard(queue_name)
        return room

    def _note_return(self) -> None:
        if self._away:
            self._away = False
            structlog.get_logger().info("publisher.returned", dropped=self.dropped)

    def _note_loss(self, error: Exception) -> None:
        if not self._away:
            self._away = True
            structlog.get_logger().warning("publisher.lost", error=type(error).__name__)
        self._closed.wait(self._pause_while_away)  # what is rung meanwhile waits, and is coalesced


def _message(doorbell: Doorbell) -> Message[Any]:
    name = queue_of(doorbell).value
    return Message(queue_name=name, actor_name=name, args=arguments_of(doorbell), kwargs={}, options={})
