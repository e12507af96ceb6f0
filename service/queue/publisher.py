"""Rings doorbells from any thread or event loop, without ever making the caller wait or fail."""

import threading
import time
from math import inf
from typing import Any, Self

import redis
import structlog
from dramatiq import Message

from service.queue.broker import DoorbellBroker, make_broker
from service.queue.coalescing import WaitingDoorbells
from service.queue.messages import (
    Doorbell,
    ExpandLinks,
    RunHandler,
    SettleApp,
    TellHandler,
    actor_of,
    arguments_of,
    queue_of,
)

MAX_QUEUED = 1000
"""A queue in Redis that is longer gets no more: nobody answers it, and the sweep rings again."""
MAX_WAITING = 10_000
"""The most doorbells that wait in memory for the sending thread."""
_BATCH = 100
_GAP = 0.02
"""Seconds between two of the same doorbell: a receiver under load would otherwise share its processor with a
thread that talks to Redis after every commit. Who answers a doorbell looks at all that has come by then."""


class Publisher:
    """Coalesces doorbells and sends them from one thread of its own.

    The first of a doorbell goes at once, the next one after `gap` seconds for all that were rung meanwhile.
    One that Redis did not take is dropped: what it spoke of stands in Postgres, and the sweep rings again.
    """

    def __init__(self, broker: DoorbellBroker, *, gap: float = _GAP, pause_while_away: float = 0.5) -> None:
        self._broker, self._pause_while_away = broker, pause_while_away
        self._waiting = WaitingDoorbells(gap)
        self._wakes_at = inf
        """When the sending thread looks by itself."""
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
            if self._waiting.add(doorbell) < self._wakes_at:
                self._turn.notify()

    def ring_settle(self, account: str, app_id: str) -> None:
        """Ring for an app's pending deliveries."""
        self.ring(SettleApp(account, app_id))

    def ring_expand(self, account: str) -> None:
        """Ring for the linked records that an account's rules wait for."""
        self.ring(ExpandLinks(account))

    def ring_run(self, handler: str) -> None:
        """Ring for a handler's ready runs."""
        self.ring(RunHandler(handler))

    def ring_tell(self, handler: str) -> None:
        """Ring for the alarms that a handler is to be told of."""
        self.ring(TellHandler(handler))

    def close(self, *, within: float = 1.0) -> None:
        """Send what still waits, for at most `within` seconds, then stop."""
        deadline = time.monotonic() + within
        with self._turn:
            self._closed.set()
            self._turn.notify()
        self._thread.join(max(0.0, deadline - time.monotonic()))
        self._broker.close()

    def _send_until_closed(self) -> None:
        while batch := self._next_batch():
            self._send(batch)

    def _next_batch(self) -> list[Doorbell]:
        """Wait for doorbells that are due; none once all is sent and the publisher closed."""
        with self._turn:
            while not self._closed.is_set():
                now = time.monotonic()
                if batch := self._waiting.take(_BATCH, now=now):
                    return batch
                self._wakes_at = self._waiting.next_due()
                self._turn.wait(None if self._wakes_at == inf else self._wakes_at - now)
            return self._waiting.take(_BATCH)

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
    return Message(
        queue_name=queue_of(doorbell).value,
        actor_name=actor_of(doorbell),
        args=arguments_of(doorbell),
        kwargs={},
        options={},
    )
