"""The in-process table of live registrations: no delivery costs a query to find out whose it is."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from types import TracebackType
from typing import Self

import structlog

from service.errors import Disposition, NotFoundError, RelayError
from service.registrations.receiving import LiveRegistration

_log = structlog.get_logger()


class UnknownKeyError(NotFoundError):
    """No live registration has this key, and the database was asked since it was used."""


class RegistrationsUnavailableError(RelayError):
    """Whether the key is one of ours, or what its secret is, can't be told now. The fault is ours."""

    disposition = Disposition.RETRY
    retry_after = 5.0


class RegistrationTable:
    """Registrations by key, read anew every `refresh_every` and whenever an unknown key comes in.

    All unknown keys together cause at most one read per `least_gap`, and share it. What is known keeps
    working from memory while the database is away. `wait` bounds how long a request is held for an answer:
    for a read, and for the secret of a registration that is being made.
    """

    def __init__(
        self,
        load: Callable[[], Awaitable[Mapping[str, LiveRegistration]]],
        *,
        refresh_every: timedelta,
        least_gap: timedelta = timedelta(seconds=1),
        wait: timedelta = timedelta(seconds=10),
    ) -> None:
        self._load = load
        self._refresh_every = refresh_every.total_seconds()
        self._least_gap, self._wait = least_gap.total_seconds(), wait.total_seconds()
        self._by_key: Mapping[str, LiveRegistration] = {}
        self._loaded = False
        self._wanted = asyncio.Event()
        self._next: asyncio.Future[bool] | None = None
        """Ends with the first read that begins after it was asked for: whether that read succeeded."""
        self._failing = False
        self._task: asyncio.Task[None] | None = None

    @property
    def loaded(self) -> bool:
        """Whether it was ever read."""
        return self._loaded

    async def find(self, provider: str, key: str) -> LiveRegistration:
        """The registration with this key, with at least one secret.

        Raises UnknownKeyError, or RegistrationsUnavailableError when that can't be told.
        """
        found = self._by_key.get(key)
        if found is None or not found.secrets:
            try:
                async with asyncio.timeout(self._wait):
                    found = await self._find_anew(key)
            except TimeoutError:
                raise RegistrationsUnavailableError(
                    "this webhook is not ready: still being registered, or the database does not answer"
                ) from None
        if found.provider != provider:
            raise UnknownKeyError("no webhook of this provider has this key")
        return found

    async def refreshed(self) -> bool:
        """Wait for a read that begins from now on; False if it failed."""
        if self._next is None:
            self._next = asyncio.get_running_loop().create_future()
        self._wanted.set()
        return await asyncio.shield(self._next)

    async def _find_anew(self, key: str) -> LiveRegistration:
        while True:
            if not await self.refreshed():
                raise RegistrationsUnavailableError("the registrations can't be read from the database now")
            found = self._by_key.get(key)
            if found is None:
                raise UnknownKeyError("no webhook has this key")
            if found.secrets:
                return found

    async def _refresh_until_cancelled(self) -> None:
        while True:
            self._wanted.clear()
            asked, self._next = self._next, None
            succeeded = await self._refresh()
            if asked is not None and not asked.done():
                asked.set_result(succeeded)
            gap = min(self._least_gap, self._refresh_every)
            await asyncio.sleep(gap)
            try:
                async with asyncio.timeout(self._refresh_every - gap):
                    await self._wanted.wait()
            except TimeoutError:
                pass  # nobody asked: the regular read is due

    async def _refresh(self) -> bool:
        try:
            async with asyncio.timeout(self._wait / 2):
                self._by_key = await self._load()
        except Exception as error:  # noqa: BLE001  # whatever the driver raises, the table in memory goes on
            if not self._failing:
                _log.warning("registrations.read_failed", error=type(error).__name__)
            self._failing = True
            return False
        if self._failing:
            _log.info("registrations.read_again", registrations=len(self._by_key))
        self._failing = False
        self._loaded = True
        return True

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._refresh_until_cancelled(), name="registration-table")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._next is not None and not self._next.done():
            self._next.set_result(False)
