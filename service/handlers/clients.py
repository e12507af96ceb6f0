"""Keeps a handler's calls to a provider and its transaction apart."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

from service.fusioo.auth import Auth
from service.handlers.database import HandlerDatabase
from service.transport.metering import Meter
from service.transport.noting import Noting, Write


class GuardedMeter:
    """A meter for the clients of one Context: refuses calls while its `db` is open, and counts the others."""

    def __init__(self, inner: Meter, database: HandlerDatabase) -> None:
        self._inner, self._database = inner, database

    @asynccontextmanager
    async def call(self, endpoint: str) -> AsyncIterator[Callable[[int], None]]:
        """Hold one call for as long as it lasts.

        Raises RefusedError while the transaction is open, and what the inner meter raises.
        """
        with self._database.calling():
            async with self._inner.call(endpoint) as note_status:
                yield note_status


class GuardedAuth:
    """Credentials for the clients of one Context; asked before every call, also before unmetered ones."""

    def __init__(self, inner: Auth, database: HandlerDatabase) -> None:
        self._inner, self._database = inner, database

    async def headers(self) -> Mapping[str, str]:
        """Give the headers of a call. Raises RefusedError while the transaction is open."""
        with self._database.calling():
            return await self._inner.headers()

    async def refused(self, headers: Mapping[str, str]) -> bool:
        """Say whether there are other headers. Raises RefusedError while the transaction is open."""
        with self._database.calling():
            return await self._inner.refused(headers)

    def __repr__(self) -> str:
        return f"GuardedAuth({self._inner!r})"


class GuardedNoting:
    """Notes of the writes of one Context: no note is made for a call that `db` would refuse."""

    def __init__(self, inner: Noting, database: HandlerDatabase) -> None:
        self._inner, self._database = inner, database

    @asynccontextmanager
    async def __call__(self, write: Write) -> AsyncIterator[None]:
        """Surround one write. Raises RefusedError while the transaction is open."""
        with self._database.calling():
            async with self._inner(write):
                yield
