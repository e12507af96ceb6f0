"""Lets the provider's own requests be lost, repeated, late and out of order, as their fates say."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Generic, Protocol, TypeVar

from service.dev.simulators.faults import DeliveryFaults, Fate


class Parcel(Protocol):
    """One delivery that is about to be sent."""

    @property
    def fate(self) -> Fate:
        """What becomes of it."""


ParcelT = TypeVar("ParcelT", bound=Parcel)


class Dispatcher(Generic[ParcelT]):
    """Sends parcels in the loop that it was made in, whichever thread hands them over."""

    def __init__(
        self,
        faults: Callable[[], DeliveryFaults],
        send: Callable[[ParcelT], Awaitable[None]],
        lose: Callable[[ParcelT], None],
    ) -> None:
        """`send` sends all copies of one parcel, `lose` is told of one that is not sent."""
        self._faults, self._send, self._lose = faults, send, lose
        self._loop = asyncio.get_running_loop()
        self._sending: set[asyncio.Task[None]] = set()
        self._held_back: list[ParcelT] = []

    def hand_over(self, parcel: ParcelT) -> None:
        """Take a parcel, in any thread."""
        self._loop.call_soon_threadsafe(self._dispatch, parcel)

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Do some work of a parcel that others do not wait for."""
        task = self._loop.create_task(work)
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def stop(self) -> None:
        """Give up what is under way."""
        for task in self._sending:
            task.cancel()
        await asyncio.gather(*self._sending, return_exceptions=True)

    def _dispatch(self, parcel: ParcelT) -> None:
        if parcel.fate.copies == 0:
            self._lose(parcel)
            return
        if parcel.fate.inverted and not self._held_back:
            self._held_back.append(parcel)
            self._loop.call_later(self._faults().invert_patience, self._send_held_back, parcel)
            return
        batch = [parcel, *self._held_back]
        self._held_back.clear()
        self.start(self._send_all(batch))

    def _send_held_back(self, parcel: ParcelT) -> None:
        if parcel in self._held_back:
            self._held_back.remove(parcel)
            self.start(self._send_all([parcel]))

    async def _send_all(self, batch: list[ParcelT]) -> None:
        for parcel in batch:
            await asyncio.sleep(parcel.fate.delay)
            await self._send(parcel)
