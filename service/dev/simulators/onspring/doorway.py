"""What every call of the API passes: the log, the fault switches, the key."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from service.dev.simulators.onspring.access import ApiKey
from service.dev.simulators.onspring.answers import RefusedCallError, bad, refusal
from service.dev.simulators.onspring.state import Call, OnspringState
from service.dev.simulators.wrong_answers import wrong_answer

Act = Callable[[OnspringState, ApiKey, Request], Awaitable[Any]]
"""Carry a call out; answers JSON values or a whole response, raises RefusedCallError."""

_METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE")
_IN_TROUBLE = {"message": "An error occurred while processing the request."}


@dataclass(frozen=True)
class Endpoint:
    """One method of one path of the API."""

    method: str
    path: str
    act: Act
    needs_key: bool = True


def api_routes(state: OnspringState, endpoints: Sequence[Endpoint]) -> list[Route]:
    """Make a route for each path, and one for all that are unknown."""
    by_path: dict[str, dict[str, Endpoint]] = defaultdict(dict)
    for endpoint in endpoints:
        by_path[endpoint.path][endpoint.method] = endpoint
    by_path["/{unknown:path}"] = {}
    return [Route(path, Door(state, methods), methods=_METHODS) for path, methods in by_path.items()]


def origin_of(request: Request) -> str:
    """Tell under which address the provider was called."""
    return str(request.base_url).rstrip("/")


async def read_json(request: Request) -> Any:
    """Read a JSON body. Raises RefusedCallError (415, 400)."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise RefusedCallError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Unsupported Media Type")
    try:
        return await request.json()
    except ValueError as error:
        raise bad(f"The request body is not valid JSON: {error}") from error


async def read_object(request: Request) -> dict[str, Any]:
    """Read a JSON object. Raises RefusedCallError (415, 400)."""
    content = await read_json(request)
    if not isinstance(content, dict):
        raise bad("the request body must be an object")
    return content


class Door:
    """The ASGI endpoint of one path."""

    def __init__(self, state: OnspringState, methods: Mapping[str, Endpoint]) -> None:
        self._state, self._methods = state, methods

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        response = await self._answer(request)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        state, method, path = self._state, request.method, request.url.path
        version = request.headers.get("x-api-version")
        call = Call(state.clock(), method, path, request.url.query, version)
        state.log_call(call)
        hold = state.faults.take_hold(method, path, state.chances.answers)
        if hold is not None and hold.moment == "request":
            await state.gate.wait(method, path)
        fault = state.faults.take_answer(method, path, state.chances.answers)
        done = fault is None or fault.takes_effect or fault.body == "usual"
        response = await self._carry_out(request) if done else Response()
        if fault is not None:
            await asyncio.sleep(fault.delay_seconds)
            response = wrong_answer(fault, response, _IN_TROUBLE)
        if hold is not None and hold.moment == "answer":
            await state.gate.wait(method, path)
        call.status = response.status_code
        return response

    async def _carry_out(self, request: Request) -> Response:
        try:
            endpoint = self._endpoint(request.method)
            key = self._key(request) if endpoint.needs_key else ApiKey("nobody")
            answer = await endpoint.act(self._state, key, request)
        except RefusedCallError as error:
            return refusal(error, self._state.settings.unauthorized_body)
        return answer if isinstance(answer, Response) else JSONResponse(answer)

    def _endpoint(self, method: str) -> Endpoint:
        endpoint = self._methods.get(method)
        if endpoint is None:
            status = HTTPStatus.METHOD_NOT_ALLOWED if self._methods else HTTPStatus.NOT_FOUND
            raise RefusedCallError(status, status.phrase)
        return endpoint

    def _key(self, request: Request) -> ApiKey:
        key = self._state.keys.get(request.headers.get("x-apikey", ""))
        if key is None or not key.enabled:
            raise RefusedCallError(HTTPStatus.UNAUTHORIZED, "Unauthorized")
        return key
