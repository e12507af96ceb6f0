"""Asks Redis whether it is there, on a connection that nothing else waits for."""

import time
from datetime import timedelta

import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff


class Pinger:
    """One connection to Redis, opened at the first ping; belongs to one event loop."""

    def __init__(self, redis_url: str, *, timeout: timedelta = timedelta(seconds=1)) -> None:
        """`timeout` limits each try; there are two, for a connection that the server closed meanwhile."""
        seconds = timeout.total_seconds()
        self._client: redis.asyncio.Redis = redis.asyncio.Redis.from_url(
            redis_url,
            socket_timeout=seconds,
            socket_connect_timeout=seconds,
            retry=Retry(NoBackoff(), 1),
            client_name="relay-health",
        )

    async def ping(self) -> timedelta:
        """Wait for an answer, and tell how long that took. Raises redis.RedisError or OSError."""
        began = time.perf_counter()
        await self._client.ping()
        return timedelta(seconds=time.perf_counter() - began)

    async def close(self) -> None:
        """Close the connection."""
        await self._client.aclose()
