"""Tells the webhooks what was done to records: one POST each, and more where the settings say so."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

import httpx2
import structlog

from service.dev.simulators.dispatching import Dispatcher
from service.dev.simulators.faults import Fate
from service.dev.simulators.fusioo.delivery_bodies import delivery_body, workflow_body
from service.dev.simulators.fusioo.records import Happening, Record
from service.dev.simulators.fusioo.state import Delivery, FusiooState
from service.dev.simulators.fusioo.webhooks import Webhook
from service.dev.simulators.fusioo.workflows import Workflow

_AT_ONCE = 100
"""So many deliveries are under way at a time, as many as the client has connections: its queue is slow."""

_log = structlog.get_logger()


class Courier:
    """Sends deliveries in the server's loop, whichever thread wrote the record."""

    def __init__(self, state: FusiooState, client: httpx2.AsyncClient) -> None:
        self._state, self._client = state, client
        self._dispatcher = Dispatcher[_Parcel](lambda: state.faults.deliveries, self._send_copies, _lose)
        self._lines = asyncio.Semaphore(_AT_ONCE)
        self._failed_in_a_row: Counter[str] = Counter()

    def notice(self, happening: Happening, record: Record) -> None:
        """Prepare a delivery for every webhook and workflow that wants it. Called by the record store."""
        state = self._state
        known: list[Webhook | Workflow] = [*state.webhooks.values(), *state.workflows.values()]
        for webhook in known:
            if webhook.wants(happening, record) and webhook.id not in state.disabled_webhooks:
                delivery = Delivery(state.clock(), webhook.id, webhook.url, record.id, happening)
                state.log_delivery(delivery)
                body = self._body(webhook, record)
                # Drawn here, in the order of the writes: the same seed and writes have the same fates.
                fate = state.faults.deliveries.next_fate(state.chances.deliveries)
                self._dispatcher.hand_over(_Parcel(delivery, webhook, body, fate))

    async def stop(self) -> None:
        """Give up what is under way."""
        await self._dispatcher.stop()

    def _body(self, webhook: Webhook | Workflow, record: Record) -> Any:
        app, settings = self._state.apps[record.app_id], self._state.settings
        if isinstance(webhook, Workflow):
            return workflow_body(app, record, settings)
        return delivery_body(app, record, settings)

    async def _send_copies(self, parcel: "_Parcel") -> None:
        answered = [await self._send(parcel) for _ in range(parcel.fate.copies)]
        if all(answered):
            self._failed_in_a_row[parcel.webhook.id] = 0
        else:
            # What follows does not wait for the further tries of this one.
            self._dispatcher.start(self._send_again(parcel))

    async def _send_again(self, parcel: "_Parcel") -> None:
        for pause in self._state.settings.delivery_retries:
            await asyncio.sleep(pause)
            if await self._send(parcel):
                self._failed_in_a_row[parcel.webhook.id] = 0
                return
        self._count_failure(parcel.webhook)

    def _count_failure(self, webhook: Webhook | Workflow) -> None:
        self._failed_in_a_row[webhook.id] += 1
        limit = self._state.settings.disabled_after
        if limit is not None and self._failed_in_a_row[webhook.id] >= limit:
            self._failed_in_a_row[webhook.id] = 0
            self._state.disabled_webhooks.add(webhook.id)
            if self._state.settings.disabled_vanish:
                self._state.webhooks.pop(webhook.id, None)
            _log.warning("webhook.disabled", webhook=webhook.id, failures=limit)

    async def _send(self, parcel: "_Parcel") -> bool:
        """Send once; say whether it was answered 2xx."""
        delivery = parcel.delivery
        delivery.tries += 1
        try:
            async with self._lines:
                response = await self._client.post(
                    parcel.webhook.url,
                    content=json.dumps(parcel.body),
                    headers=self._headers(parcel),
                    timeout=_timeout(self._state),
                )
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            delivery.outcome = type(error).__name__
            _log.warning("delivery.failed", webhook=delivery.webhook_id, error=delivery.outcome)
            return False
        delivery.outcome, delivery.status = "answered", response.status_code
        return response.status_code // 100 == HTTPStatus.OK // 100

    def _headers(self, parcel: "_Parcel") -> dict[str, str]:
        settings, delivery = self._state.settings, parcel.delivery
        told = {"{event}": delivery.happening.value, "{webhook}": delivery.webhook_id}
        told["{time}"] = delivery.at.isoformat(timespec="seconds")
        headers = {"content-type": "application/json", settings.secret_header: parcel.webhook.secret}
        for name, text in settings.extra_headers.items():
            for placeholder, value in told.items():
                text = text.replace(placeholder, value)  # noqa: PLW2901 (each placeholder in turn)
            headers[name] = text
        return headers


class _Parcel:
    """One delivery with what is needed to send it."""

    def __init__(self, delivery: Delivery, webhook: Webhook | Workflow, body: Any, fate: Fate) -> None:
        self.delivery, self.webhook, self.body, self.fate = delivery, webhook, body, fate


def _lose(parcel: _Parcel) -> None:
    parcel.delivery.outcome = "dropped"


def _timeout(state: FusiooState) -> httpx2.Timeout:
    # A burst waits for a connection as long as it takes: the pool must not lose deliveries.
    return httpx2.Timeout(state.settings.delivery_timeout, pool=None)


@asynccontextmanager
async def courier_at_work(state: FusiooState) -> AsyncIterator[Courier]:
    """Deliver while the context lasts."""
    async with httpx2.AsyncClient(timeout=_timeout(state), trust_env=False) as client:
        courier = Courier(state, client)
        state.records.listeners.append(courier.notice)
        try:
            yield courier
        finally:
            state.records.listeners.remove(courier.notice)
            await courier.stop()
