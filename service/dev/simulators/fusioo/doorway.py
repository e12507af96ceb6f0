"""What every call of the API passes: the log, the fault switches, the token, the moving window."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from service.dev.simulators.fusioo.access import User
from service.dev.simulators.fusioo.envelope import (
    Code,
    RefusedCallError,
    body_of,
    invalid,
    refusal,
    success,
)
from service.dev.simulators.fusioo.listing import parse_ids
from service.dev.simulators.fusioo.long_urls import long_url_refusal
from service.dev.simulators.fusioo.state import Call, FusiooState
from service.dev.simulators.wrong_answers import wrong_answer

Act = Callable[[FusiooState, User, Request], Awaitable[Any]]
"""Carry a call out; answers the envelope's data or a whole response, raises RefusedCallError."""

_VERSIONS = (1, 2, 3)
_METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE")


@dataclass(frozen=True)
class Endpoint:
    """One method of one path of the API."""

    method: str
    path: str
    act: Act
    rate_limited: bool = True
    since: int = 1
    """The version of the API that brought it."""


def api_routes(state: FusiooState, endpoints: Sequence[Endpoint]) -> list[Route]:
    """Make the routes of each version: one for each path, and one for all that are unknown."""
    routes = []
    for version in _VERSIONS:
        by_path: dict[str, dict[str, Endpoint]] = defaultdict(dict)
        for endpoint in endpoints:
            if endpoint.since <= version:
                by_path[endpoint.path][endpoint.method] = endpoint
        by_path["/{unknown:path}"] = {}
        routes += [
            Route(f"/v{version}{path}", Door(state, methods, version), methods=_METHODS)
            for path, methods in by_path.items()
        ]
    return routes


def version_of(request: Request) -> int:
    """Tell which version of the API a call speaks."""
    version: int = request.state.version
    return version


async def read_json(request: Request) -> Any:
    """Read a JSON body; an empty one is an empty object. Raises RefusedCallError."""
    content = await request.body()
    if not content:
        return {}
    # "The Content-Type header in requests has to be set to application/json" (overview page).
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise invalid([{"field": "", "message": "Content-Type must be application/json"}])
    try:
        return await request.json()
    except ValueError as error:
        raise invalid([{"field": "", "message": f"the body is not JSON: {error}"}]) from error


class Door:
    """The ASGI endpoint of one path."""

    def __init__(self, state: FusiooState, methods: Mapping[str, Endpoint], version: int = 3) -> None:
        self._state, self._methods, self._version = state, methods, version

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        request.state.version = self._version
        response = await self._answer(request)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        method, path = request.method, request.url.path
        call = Call(self._state.clock(), method, path, request.url.query, _ids_in(request))
        self._state.log_call(call)
        hold = self._state.faults.take_hold(method, path, self._state.chances.answers)
        if hold is not None and hold.moment == "request":
            await self._state.gate.wait(method, path)
        fault = self._state.faults.take_answer(method, path, self._state.chances.answers)
        done = fault is None or fault.takes_effect or fault.body == "usual"
        response = await self._carry_out(request) if done else Response()
        if fault is not None:
            await asyncio.sleep(fault.delay_seconds)
            code = Code.INTERNAL if fault.code is None else fault.code
            response = wrong_answer(fault, response, body_of(code, None))
        if hold is not None and hold.moment == "answer":
            await self._state.gate.wait(method, path)
        call.status = response.status_code
        return response

    async def _carry_out(self, request: Request) -> Response:
        settings, url = self._state.settings, request.url
        if (refused := long_url_refusal(settings, url.path, url.query)) is not None:
            return refused
        try:
            endpoint = self._endpoint(request.method)
            user = self._user(request)
        except RefusedCallError as error:
            return refusal(error, settings.refusal_status)
        if not endpoint.rate_limited:
            return await self._act(endpoint, user, request)
        if self._state.take_call():
            response = await self._act(endpoint, user, request)
        else:
            response = PlainTextResponse("Too Many Requests", HTTPStatus.TOO_MANY_REQUESTS)
        response.headers.update(self._state.window.headers(response.status_code))
        return response

    async def _act(self, endpoint: Endpoint, user: User, request: Request) -> Response:
        try:
            answer = await endpoint.act(self._state, user, request)
            return answer if isinstance(answer, Response) else success(answer)
        except RefusedCallError as error:
            return refusal(error, self._state.settings.refusal_status)

    def _endpoint(self, method: str) -> Endpoint:
        endpoint = self._methods.get(method)
        if endpoint is None:
            # 405 for a known path with a wrong method was seen against the live API.
            status = HTTPStatus.METHOD_NOT_ALLOWED if self._methods else HTTPStatus.NOT_FOUND
            raise RefusedCallError(Code.NOT_FOUND, status=status)
        return endpoint

    def _user(self, request: Request) -> User:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        user = self._state.users.get(token) or self._state.oauth.user_of(token)
        if scheme.lower() != "bearer" or user is None:
            raise RefusedCallError(Code.UNAUTHORIZED)
        return user


def _ids_in(request: Request) -> tuple[str, ...]:
    in_path = request.path_params.get("record_id")
    if in_path is not None:
        return (in_path,)
    try:
        return tuple(parse_ids(request.query_params.get("ids", "[]")))
    except RefusedCallError:
        return ()
