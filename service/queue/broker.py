"""Dramatiq on Redis, cut down to doorbells: no delays, no dead letters, and Redis may vanish at any moment.

Why each part is off stands in `docs/decisions/0004-doorbells.md`. Everything here is synchronous and safe to
use from several threads, as Dramatiq's own broker is.
"""

import threading
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import redis
import structlog
from dramatiq import Message, Middleware
from dramatiq.brokers.redis import RedisBroker

NAMESPACE = "relay"
_PAUSE_WHILE_AWAY = 0.5
"""Seconds between two looks of a consumer while Redis is away."""


class DoorbellBroker(RedisBroker):
    """A RedisBroker whose every failure costs at most a doorbell, never a thread or a queue.

    * It has no delay queues: half the polling, and nothing sticks in a live worker's memory.
    * A message that can't be acknowledged is forgotten instead of tried for ever: it may ring once more.
    * A message that nobody understands is dropped instead of kept as a dead letter.
    """

    def __init__(
        self,
        client: redis.Redis,
        *,
        middleware: Iterable[Middleware],
        maintenance_chance: int,
        heartbeat_timeout: timedelta,
    ) -> None:
        super().__init__(  # type: ignore[no-untyped-call]  # Dramatiq gives no types here
            client=client,
            middleware=list(middleware),
            namespace=NAMESPACE,
            maintenance_chance=maintenance_chance,
            heartbeat_timeout=int(heartbeat_timeout.total_seconds() * 1000),
        )
        self._away = threading.Event()
        self._closed = threading.Event()
        self._takes_no_more = threading.Event()

    def declare_queue(self, queue_name: str) -> None:
        """Declare a queue without its delay queue."""
        if queue_name not in self.queues:
            self.emit_before("declare_queue", queue_name)
            self.queues.add(queue_name)
            self.emit_after("declare_queue", queue_name)

    def enqueue(self, message: Message[Any], *, delay: int | None = None) -> Message[Any]:
        """Put a doorbell into its queue. Raises redis.RedisError; ValueError for a delayed one."""
        if delay is not None:
            raise ValueError("a doorbell cannot be delayed: write next_at in Postgres instead")
        return super().enqueue(message)

    def close(self) -> None:
        """Give the connections back; a consumer that waits for Redis stops waiting."""
        self._closed.set()
        self.client.close()

    def take_no_more(self) -> None:
        """Leave the doorbells to others: nobody here answers them any more."""
        self._takes_no_more.set()

    def waiting(self, queue_name: str) -> int:
        """Count the doorbells that nobody has taken yet. Raises redis.RedisError."""
        return int(self.client.llen(f"{self.namespace}:{queue_name}"))

    # Dramatiq's consumers call the four below for each of their commands to Redis.

    def do_fetch(self, queue_name: str, prefetch: int) -> list[bytes]:
        """Take doorbells; none while Redis is away, which is logged once."""
        if self._takes_no_more.is_set():
            return []
        try:
            taken: list[bytes] = self._command("fetch", queue_name, prefetch)
        except redis.RedisError as error:
            if not self._away.is_set():
                self._away.set()
                structlog.get_logger().warning("queue.lost", queue=queue_name, error=type(error).__name__)
            self._closed.wait(_PAUSE_WHILE_AWAY)
            return []
        if self._away.is_set():
            self._away.clear()
            structlog.get_logger().info("queue.returned", queue=queue_name)
        return taken

    def do_ack(self, queue_name: str, message_id: str) -> None:
        """Forget a doorbell that was answered. If Redis doesn't hear it, it rings once more: harmless."""
        self._tell("ack", queue_name, message_id)

    def do_nack(self, queue_name: str, message_id: str) -> None:
        """Forget a doorbell that nobody understands; there are no dead letters."""
        self._tell("ack", queue_name, message_id)

    def do_requeue(self, queue_name: str, *message_ids: str) -> None:
        """Give back what was taken and not begun. If Redis doesn't hear it, the sweep rings again."""
        self._tell("requeue", queue_name, *message_ids)

    def _tell(self, command: str, queue_name: str, *arguments: str) -> None:
        try:
            self._command(command, queue_name, *arguments)
        except redis.RedisError as error:
            structlog.get_logger().debug("queue.missed", command=command, error=type(error).__name__)

    def _command(self, command: str, queue_name: str, *arguments: str | int) -> Any:
        dispatch = super().__getattr__(f"do_{command}")  # type: ignore[no-untyped-call]  # as above
        return dispatch(queue_name, *arguments)


def make_broker(
    redis_url: str,
    *,
    middleware: Iterable[Middleware] = (),
    socket_timeout: timedelta = timedelta(seconds=3),
    heartbeat_timeout: timedelta = timedelta(seconds=60),
    maintenance_chance: int = 1000,
) -> DoorbellBroker:
    """Make a broker; nothing is connected until it is used.

    `redis_url` may be `redis://`, `rediss://` or `unix://`; what its query says of timeouts wins. The client
    tries each command once: with retries, one ring could be queued twice. `maintenance_chance` is in a
    million commands; a worker that polls every 15 ms cleans up behind dead processes about every 15 s.
    """
    seconds = socket_timeout.total_seconds()
    pool = redis.ConnectionPool.from_url(redis_url, socket_timeout=seconds, socket_connect_timeout=seconds)
    return DoorbellBroker(
        redis.Redis(connection_pool=pool),
        middleware=middleware,
        maintenance_chance=maintenance_chance,
        heartbeat_timeout=heartbeat_timeout,
    )
