"""Sends what REST API outcomes are to send, and puts what is answered back into records."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus

import httpx2
import structlog

from service.dev.simulators.dispatching import Dispatcher
from service.dev.simulators.faults import Fate
from service.dev.simulators.onspring.filter_matching import matches
from service.dev.simulators.onspring.filter_parsing import parse_filter
from service.dev.simulators.onspring.outcomes import BasicAuth, Delivery, KeyAuth, OAuthAuth, Outcome
from service.dev.simulators.onspring.reading import formatted_text, held
from service.dev.simulators.onspring.records import Happening, Record
from service.dev.simulators.onspring.state import OnspringState
from service.dev.simulators.onspring.writing import checked_values

_AT_ONCE = 100

_log = structlog.get_logger()


@dataclass(frozen=True)
class _Parcel:
    """One delivery with what is needed to send it."""

    delivery: Delivery
    outcome: Outcome
    fate: Fate


class Courier:
    """Sends in the server's loop, whichever thread wrote the record."""

    def __init__(self, state: OnspringState, client: httpx2.AsyncClient) -> None:
        self._state, self._client = state, client
        self._lines = asyncio.Semaphore(_AT_ONCE)
        self._dispatcher = Dispatcher[_Parcel](lambda: state.faults.deliveries, self._send_copies, _lose)

    def notice(self, happening: Happening, record: Record) -> None:
        """Prepare a delivery for every outcome that this sets off. Called by the shelf of records."""
        state = self._state
        for outcome in [
            known for known in state.outcomes.values() if _is_set_off(state, known, happening, record)
        ]:
            body = outcome.filled_body(lambda name: _text_of(state, record, name))
            now = state.clock()
            delivery = Delivery(now, outcome.id, outcome.url, record.app_id, record.id, happening, body)
            state.log_delivery(delivery)
            fate = state.faults.deliveries.next_fate(state.chances.deliveries)
            self._dispatcher.hand_over(_Parcel(delivery, outcome, fate))

    async def stop(self) -> None:
        """Give up what is under way."""
        await self._dispatcher.stop()

    async def _send_copies(self, parcel: _Parcel) -> None:
        answered = [await self._send(parcel) for _ in range(parcel.fate.copies)]
        if not all(answered):
            self._dispatcher.start(self._send_again(parcel))

    async def _send_again(self, parcel: _Parcel) -> None:
        for _ in range(parcel.outcome.retries):
            await asyncio.sleep(parcel.outcome.retry_seconds)
            if await self._send(parcel):
                return

    async def _send(self, parcel: _Parcel) -> bool:
        """Send once; say whether it was answered 2xx."""
        delivery, outcome = parcel.delivery, parcel.outcome
        delivery.tries += 1
        try:
            async with self._lines:
                headers = {"content-type": "application/json", **outcome.headers}
                headers |= await self._proof(outcome)
                response = await self._client.request(
                    outcome.method,
                    outcome.url,
                    content=delivery.body.encode(),
                    headers=headers,
                    timeout=httpx2.Timeout(outcome.timeout, pool=None),
                )
        except (httpx2.HTTPError, httpx2.InvalidURL, _NoTokenError) as error:
            delivery.outcome = type(error).__name__.removeprefix("_")
            _log.warning("delivery.failed", outcome=outcome.id, error=delivery.outcome)
            return False
        delivery.outcome, delivery.status = "answered", response.status_code
        if response.status_code // 100 != HTTPStatus.OK // 100:
            return False
        self._map_back(parcel, response)
        return True

    async def _proof(self, outcome: Outcome) -> dict[str, str]:
        """Make the header by which the receiver knows the provider."""
        match outcome.auth:
            case None:
                return {}
            case BasicAuth(user=user, password=password):
                proof = base64.b64encode(f"{user}:{password}".encode()).decode()
                return {"authorization": f"Basic {proof}"}
            case KeyAuth(header=header, key=key):
                return {header: key}
            case OAuthAuth() as auth:
                return {"authorization": f"Bearer {await self._token(auth, outcome.timeout)}"}

    async def _token(self, auth: OAuthAuth, timeout: float) -> str:  # noqa: ASYNC109  the outcome's own setting
        form = {
            "grant_type": "client_credentials",
            "client_id": auth.client_id,
            "client_secret": auth.client_secret,
        }
        response = await self._client.post(auth.token_url, data=form, timeout=timeout)
        try:
            token = response.json()["access_token"]
        except (ValueError, KeyError, TypeError) as error:
            raise _NoTokenError from error
        return str(token)

    def _map_back(self, parcel: _Parcel, response: httpx2.Response) -> None:
        """Put the named keys of the answer into the record, if it is still there."""
        delivery, wanted = parcel.delivery, parcel.outcome.answers
        record = self._state.records.find(delivery.app_id, delivery.record_id)
        if not wanted or record is None:
            return
        try:
            answer = response.json()
            if not isinstance(answer, dict):
                raise ValueError("the answer is not an object")  # noqa: TRY004, TRY301  reported with the others
            given = {field_id: answer[key] for key, field_id in wanted.items() if key in answer}
            values = checked_values(self._state, delivery.app_id, given, record)
        except ValueError as error:
            delivery.refused = str(error)
            return
        delivery.mapped = given
        self._state.records.update(record, values, told=self._state.settings.answers_fire)


class _NoTokenError(Exception):
    """The token endpoint gave no token."""


def _lose(parcel: _Parcel) -> None:
    parcel.delivery.outcome = "dropped"


def _is_set_off(state: OnspringState, outcome: Outcome, happening: Happening, record: Record) -> bool:
    if outcome.app_id != record.app_id or happening not in outcome.on:
        return False
    return not outcome.filter or matches(state, parse_filter(outcome.filter), record)


def _text_of(state: OnspringState, record: Record, name: str) -> str:
    """Give what stands in the place of `{:name}`."""
    match name:
        case "RecordId":
            return str(record.id)
        case "AppId":
            return str(record.app_id)
    field = next((known for known in state.fields_of(record.app_id) if known.name == name), None)
    return "" if field is None else formatted_text(state, field, held(state, record, field), ", ")


@asynccontextmanager
async def courier_at_work(state: OnspringState) -> AsyncIterator[Courier]:
    """Deliver while the context lasts."""
    async with httpx2.AsyncClient(trust_env=False) as client:
        courier = Courier(state, client)
        state.records.listeners.append(courier.notice)
        try:
            yield courier
        finally:
            state.records.listeners.remove(courier.notice)
            await courier.stop()
