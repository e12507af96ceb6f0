"""Tells the webhooks what was done to records: one POST each, no second try (none is promised)."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import structlog

from service.dev.simulators.fusioo.records import Happening, Record
from service.dev.simulators.fusioo.state import Delivery, FusiooState
from service.dev.simulators.fusioo.webhooks import Webhook

_log = structlog.get_logger()


class Courier:
    """Sends deliveries in the server's loop, whichever thread wrote the record."""

    def __init__(self, state: FusiooState, client: httpx2.AsyncClient) -> None:
        self._state, self._client = state, client
        self._loop = asyncio.get_running_loop()
        self._sending: set[asyncio.Task[None]] = set()
        self._held_back: list[_Parcel] = []

    def notice(self, happening: Happening, record: Record) -> None:
        """Prepare a delivery for every webhook that wants it. Called by the record store."""
        for webhook in list(self._state.webhooks.values()):
            if webhook.wants(happening, record):
                delivery = Delivery(self._state.clock(), webhook.id, webhook.url, record.id, happening)
                self._state.log_delivery(delivery)
                body = self._state.settings.delivery_body(record)
                self._loop.call_soon_threadsafe(self._dispatch, _Parcel(delivery, webhook, body))

    async def stop(self) -> None:
        """Give up what is under way."""
        for task in self._sending:
            task.cancel()
        await asyncio.gather(*self._sending, return_exceptions=True)

    def _dispatch(self, parcel: "_Parcel") -> None:
        faults = self._state.faults.deliveries
        fate = faults.next_fate(self._state.rng)
        if fate.copies == 0:
            parcel.delivery.outcome = "dropped"
            return
        parcel.copies = fate.copies
        if fate.inverted and not self._held_back:
            self._held_back.append(parcel)
            self._loop.call_later(faults.invert_patience, self._send_held_back, parcel)
            return
        batch = [parcel, *self._held_back]
        self._held_back.clear()
        self._start(batch)

    def _send_held_back(self, parcel: "_Parcel") -> None:
        if parcel in self._held_back:
            self._held_back.remove(parcel)
            self._start([parcel])

    def _start(self, batch: list["_Parcel"]) -> None:
        task = self._loop.create_task(self._send_all(batch))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _send_all(self, batch: list["_Parcel"]) -> None:
        await asyncio.sleep(self._state.faults.deliveries.delay_seconds)
        for parcel in batch:
            for _ in range(parcel.copies):
                await self._send(parcel)

    async def _send(self, parcel: "_Parcel") -> None:
        delivery = parcel.delivery
        headers = {
            "content-type": "application/json",
            self._state.settings.secret_header: parcel.webhook.secret,
        }
        try:
            response = await self._client.post(
                parcel.webhook.url, content=json.dumps(parcel.body), headers=headers
            )
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            delivery.outcome = type(error).__name__
            _log.warning("delivery.failed", webhook=delivery.webhook_id, error=delivery.outcome)
            return
        delivery.outcome, delivery.status = "answered", response.status_code


class _Parcel:
    """One delivery with what is needed to send it."""

    def __init__(self, delivery: Delivery, webhook: Webhook, body: Any) -> None:
        self.delivery, self.webhook, self.body, self.copies = delivery, webhook, body, 1


@asynccontextmanager
async def courier_at_work(state: FusiooState) -> AsyncIterator[Courier]:
    """Deliver while the context lasts."""
    # A burst waits for a connection as long as it takes: the pool must not lose deliveries.
    timeout = httpx2.Timeout(state.settings.delivery_timeout, pool=None)
    async with httpx2.AsyncClient(timeout=timeout, trust_env=False) as client:
        courier = Courier(state, client)
        state.records.listeners.append(courier.notice)
        try:
            yield courier
        finally:
            state.records.listeners.remove(courier.notice)
            await courier.stop()
