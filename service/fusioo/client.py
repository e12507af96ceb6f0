"""Fusioo's API, awaited. What is sent and what answers mean is decided in fusioo/protocol.py."""

import math
from types import TracebackType
from typing import Any, Self

import httpx2

from service.fusioo import endpoints
from service.fusioo.auth import Auth
from service.fusioo.errors import RequestTooLargeError, UnreachableError
from service.fusioo.protocol import BASE_URL, Call, build_call, check_base_url, read_answer
from service.fusioo.resources.apps import Apps
from service.fusioo.resources.comments import Comments
from service.fusioo.resources.discussions import Discussions
from service.fusioo.resources.records import Records
from service.fusioo.resources.users import Users
from service.fusioo.resources.webhooks import Webhooks
from service.transport.errors import ResponseTooLargeError, TransportError
from service.transport.http import send
from service.transport.messages import Request, Response
from service.transport.metering import Meter, Unmetered

_MOST_BYTES = 64 * 1024 * 1024

# The page's samples send both with every call, also where there is no body.
_HEADERS = {"Content-Type": "application/json", "Cache-Control": "no-cache", "Accept": "application/json"}


class FusiooClient:
    """One account of Fusioo.

    `http` is made by transport.http.make_client and may be shared; `async with` closes it at the end, without
    `async with` its owner does. `timeout` limits each call altogether, in seconds. `meter` counts the calls
    (`ping` is free). Every call raises FusiooError (fusioo/errors.py), or BudgetExhaustedError before
    anything is sent. Raises ConfigurationError for a base URL of version 1 or 2, ValueError for no timeout.
    """

    def __init__(
        self,
        *,
        auth: Auth,
        http: httpx2.AsyncClient,
        timeout: float,
        base_url: str = BASE_URL,
        meter: Meter | None = None,
        max_bytes: int = _MOST_BYTES,
    ) -> None:
        if not (timeout > 0 and math.isfinite(timeout)):
            raise ValueError(f"a call's time limit must be a number of seconds above 0, not {timeout}")
        self._base_url = check_base_url(base_url)
        self._auth, self._http, self._timeout, self._max_bytes = auth, http, timeout, max_bytes
        self._meter: Meter = meter or Unmetered()
        self.apps = Apps(self._perform)
        self.records = Records(self._perform)
        self.discussions = Discussions(self._perform)
        self.comments = Comments(self._perform)
        self.users = Users(self._perform)
        self.webhooks = Webhooks(self._perform)

    async def ping(self) -> None:
        """Check that the token is accepted. Free of charge."""
        await self._perform(build_call(endpoints.PING))

    async def aclose(self) -> None:
        """Close the connections, also for others who share `http`."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return f"FusiooClient({self._base_url!r})"

    async def _perform(self, call: Call) -> Any:
        """Send a call and give the data of its answer."""
        headers = {**_HEADERS, **await self._auth.headers()}
        request = Request(call.endpoint.method, self._base_url + call.target, headers, call.body)
        if not call.endpoint.metered:
            answer = await self._exchange(call, request)
        else:
            async with self._meter.call(call.endpoint.label) as note_status:
                answer = await self._exchange(call, request)
                note_status(answer.status)
        return read_answer(call.endpoint, answer)

    async def _exchange(self, call: Call, request: Request) -> Response:
        try:
            return await send(self._http, request, deadline=self._timeout, max_bytes=self._max_bytes)
        except ResponseTooLargeError as error:
            raise RequestTooLargeError(str(error), endpoint=call.endpoint.label) from error
        except TransportError as error:
            raise UnreachableError.because_of(error, endpoint=call.endpoint.label) from error
