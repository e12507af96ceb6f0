"""One run at a time makes what has a key: a record of an app, a value of a list."""

import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncEngine

from service.db.failures import is_our_fault
from service.db.persisting import persist
from service.errors import ConfigurationError, Disposition, RelayError
from service.onspring.errors import OnspringError
from service.onspring.repeating import surely_wrote_nothing
from service.upserts.repository import Held, KeyInUse, Taken, give_back, take

SLACK = timedelta(seconds=10)
"""How much longer than its handler's time limit a lease lasts: until the handler has surely ended."""
_SOON = (0.2, 2.0)


class KeyHeldError(RelayError):
    """Another run makes what has the key, or may have made it: ask again soon. It is no attempt."""

    disposition = Disposition.DEFER

    def __init__(self, place: str, seconds: float) -> None:
        super().__init__(f"another run is writing what has this key ({place}); it has {seconds:.0f} s left")
        self.retry_after = min(max(seconds, _SOON[0]), random.uniform(*_SOON))  # noqa: S311  not all at once


@dataclass(slots=True)
class Lease:
    """The right to make what has a key."""

    record_id: str | None
    """What was made or found last; remembered for the next holder."""
    uncertain: bool = False
    """Whether something may have been made, or may be under way: then nobody gets it before it runs out."""

    @contextmanager
    def making(self) -> Iterator[None]:
        """Surround the call that makes it. Whatever is not known to have failed may still come about."""
        self.uncertain = True
        try:
            yield
        except Exception as error:
            self.uncertain = isinstance(error, OnspringError) and not surely_wrote_nothing(error)
            raise
        self.uncertain = False


class Leases(Protocol):
    """Gives leases."""

    def holding(self, place: str, key_hash: str) -> AbstractAsyncContextManager[Lease]:
        """Hold the right to make what has a key. Raises KeyHeldError where another has it."""
        ...


class KeptLeases:
    """The leases of one account, kept in the relay's own database."""

    def __init__(self, engine: AsyncEngine | None, account: str, *, longest: timedelta) -> None:
        """`longest`: how long a handler may hold one. `engine` None: nothing is ever written."""
        self._engine, self._account, self._lease = engine, account, longest + SLACK

    @asynccontextmanager
    async def holding(self, place: str, key_hash: str) -> AsyncIterator[Lease]:
        """Hold the right to make what has a key; `place`: `app 195`, `list 906`.

        Raises KeyHeldError where another has it. It waits for as long as our own database is away.
        """
        key, token = KeyInUse(self._account, place, key_hash), uuid4()

        async def begin() -> Taken | Held:
            async with self._given_engine().begin() as connection:
                return await take(connection, key, token, lease=self._lease)

        async def end() -> None:
            async with self._given_engine().begin() as connection:
                await give_back(connection, key, token, record_id=lease.record_id)

        taken = await persist(begin)
        if isinstance(taken, Held):
            raise KeyHeldError(place, taken.seconds)
        lease = Lease(taken.record_id)
        try:
            yield lease
        except BaseException:
            if not lease.uncertain:
                await _once(end)
            raise
        await persist(end)

    def _given_engine(self) -> AsyncEngine:
        if self._engine is None:
            raise ConfigurationError("a handler that was built without a database can't write")
        return self._engine


async def _once(end: Callable[[], Awaitable[None]]) -> None:
    """Give a lease back if our database is there: else it runs out, and the attempt need not wait for it."""
    try:
        await end()
    except Exception as error:
        if not is_our_fault(error):
            raise
