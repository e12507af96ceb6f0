"""Take a request that was sent to a capture's URL, whatever it is: keep what is not secret, and read it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict

from sqlalchemy.ext.asyncio import AsyncEngine

from service.captures.keys import CapturesUnavailableError, OpenKeys
from service.captures.reading import read_request
from service.captures.redacting import Redaction
from service.captures.repository import NewRequest, open_keys, store_request
from service.db.failures import is_our_fault
from service.errors import NotFoundError

_AT_ONCE = 4
"""Bodies in memory: people send them one by one."""


class Capturing:
    """Takes requests for captures. It has an engine of its own, and takes nothing from the receiver."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._keys = OpenKeys(self._load)
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def take(
        self,
        key: str,
        *,
        method: str,
        query: bytes,
        headers: Sequence[tuple[bytes, bytes]],
        read_body: Callable[[], Awaitable[bytes]],
    ) -> int:
        """Keep a request; how many the capture has then. Returns after the commit.

        `headers` are lower-case names and values; `read_body` is called only for an open key, and what it
        raises passes through. Raises NotFoundError for a key that is unknown, over or full, and
        CapturesUnavailableError.
        """
        if await self._keys.has(key):
            async with self._places:
                body = await read_body()
                request = await asyncio.to_thread(_judge, method, query, headers, body)
                count = await self._store(key, request)
            if count is not None:
                return count
            self._keys.forget(key)
        raise NotFoundError("no capture is open under this key; `relay capture` begins one")

    async def close(self) -> None:
        """Give up what is being read."""
        await self._keys.close()

    async def _load(self) -> frozenset[str]:
        with _as_ours():
            async with self._engine.connect() as connection:
                return await open_keys(connection)

    async def _store(self, key: str, request: NewRequest) -> int | None:
        with _as_ours():
            async with self._engine.begin() as connection:
                return await store_request(connection, key, request)


@contextmanager
def _as_ours() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        if is_our_fault(error):
            raise CapturesUnavailableError("captures can't be stored in the database now") from error
        raise


def _judge(method: str, query: bytes, headers: Sequence[tuple[bytes, bytes]], body: bytes) -> NewRequest:
    redaction = Redaction(headers)
    return NewRequest(
        method=method,
        query=redaction.query(query),
        headers=redaction.headers,
        body=redaction.body(body),
        length=len(body),
        reading=asdict(read_request(method, headers, body)),
    )
