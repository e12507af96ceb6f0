"""The seam through which a client's calls are counted, and held back when none is left.

The budget implements it for the accounts of the relay; a client used alone is `Unmetered`.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol


class Meter(Protocol):
    """Counts calls to one account's API."""

    def call(self, endpoint: str) -> AbstractAsyncContextManager[Callable[[int], None]]:
        """Hold one call for as long as it lasts.

        `endpoint` says which kind, like `POST /records/apps/{app}/filter`. Entering may raise
        BudgetExhaustedError: then nothing may be sent. The value entered with takes the HTTP status of the
        answer; it stays uncalled where no answer came.
        """
        ...


class FirstPaid:
    """A meter whose first call was paid before: by `first`; all others are counted by `then`."""

    def __init__(self, first: Meter, *, then: Meter) -> None:
        self._next, self._then = first, then

    def call(self, endpoint: str) -> AbstractAsyncContextManager[Callable[[int], None]]:
        """Hold one call for as long as it lasts; raises what the meter in charge raises."""
        meter, self._next = self._next, self._then
        return meter.call(endpoint)


class Unmetered:
    """A meter that counts nothing."""

    @asynccontextmanager
    async def call(self, endpoint: str) -> AsyncIterator[Callable[[int], None]]:  # noqa: ARG002  the protocol's
        yield _ignore


def _ignore(status: int) -> None:
    """Take a status, and do nothing with it."""
