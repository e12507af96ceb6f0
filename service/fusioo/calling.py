"""How a call is made: with the account's credentials, counted, within limits, repeated where that is safe."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any, TypeVar

from service.fusioo.auth import Auth
from service.fusioo.endpoints import Endpoint
from service.fusioo.errors import (
    FusiooError,
    RequestTooLargeError,
    StaleTokenError,
    UnauthorizedError,
    UnreachableError,
)
from service.fusioo.protocol import Call, read_answer
from service.fusioo.refusals import refuse_or_pass
from service.fusioo.repeating import is_repeatable, may_have_acted
from service.fusioo.requests import build_request
from service.transport.calling import Attempt, Course, ask, open_answer
from service.transport.errors import ResponseTooLargeError, TransportError
from service.transport.http import Client
from service.transport.limits import Limits
from service.transport.messages import Request
from service.transport.metering import Meter, Unmetered
from service.transport.retrying import retry
from service.transport.streaming import Arriving

Result = TypeVar("Result")
Credentials = Mapping[str, str]


class Caller:
    """Makes the calls of one account. Each attempt is counted by the meter, unless it is free."""

    def __init__(self, base_url: str, *, auth: Auth, http: Client, meter: Meter, limits: Limits) -> None:
        self._base_url, self._auth, self._http = base_url, auth, http
        self._meter, self._limits = meter, limits

    async def perform(self, call: Call) -> Any:
        """Make a call and give the data of its answer. Raises FusiooError, BudgetExhaustedError."""
        course = Course.within(call.within or self._limits.timeout)

        async def attempt(credentials: Credentials) -> Any:
            request = build_request(self._base_url, call, credentials)
            made = self._attempt(call.endpoint, request, course)
            answer = await ask(self._http, made, max_bytes=self._limits.max_bytes)
            try:
                return read_answer(call.endpoint, answer)
            except FusiooError as error:
                if course.may_have_acted and _says_gone(call.endpoint, error):
                    return None
                raise

        return await self._repeat(call, course, attempt)

    @asynccontextmanager
    async def stream(self, call: Call) -> AsyncIterator[Arriving]:
        """Make a call that is answered with a file, and give its head and its parts.

        The client's time limit holds for the head with all repetitions, and for each wait for a part;
        `call.within` for everything. The call is under way until the end. Raises as `perform` does, also
        while parts are read.
        """
        course = Course.within(self._limits.timeout)
        whole = Course.within(call.within or self._limits.timeout)

        async def attempt(credentials: Credentials) -> tuple[Arriving, AsyncExitStack]:
            request = build_request(self._base_url, call, credentials, accept="*/*")
            return await open_answer(
                self._http,
                self._attempt(call.endpoint, request, course),
                partial(refuse_or_pass, call.endpoint),
                whole=whole,
                longest_wait=self._limits.timeout,
            )

        answer, stack = await self._repeat(call, course, attempt)
        async with stack:
            yield answer

    def _attempt(self, endpoint: Endpoint, request: Request, course: Course) -> Attempt:
        meter = self._meter if endpoint.metered else Unmetered()
        return Attempt(request, course, meter.call(endpoint.label), partial(_meaning, endpoint))

    async def _repeat(
        self, call: Call, course: Course, attempt: Callable[[Credentials], Awaitable[Result]]
    ) -> Result:
        retries = self._limits.retries

        async def attempting(_: int) -> Result:
            credentials = await self._auth.headers()
            try:
                return await attempt(credentials)
            except UnauthorizedError as error:
                if await self._auth.refused(credentials):
                    raise StaleTokenError(
                        endpoint=error.endpoint, status=error.status, retry_after=0.0
                    ) from error
                raise
            except FusiooError as error:
                course.may_have_acted = course.may_have_acted or may_have_acted(error)
                raise

        def pause(error: Exception, number: int) -> float | bool:
            if not isinstance(error, FusiooError) or not is_repeatable(call, error):
                return False
            if isinstance(error, StaleTokenError):
                return 0.0
            return retries.pause(number, asked=error.retry_after, left=course.left())

        return await retry(attempting, pause=pause, retries=retries)


def _says_gone(endpoint: Endpoint, error: FusiooError) -> bool:
    return endpoint.gone is not None and isinstance(error, endpoint.gone)


def _meaning(endpoint: Endpoint, error: TransportError) -> FusiooError:
    if isinstance(error, ResponseTooLargeError):
        return RequestTooLargeError(str(error), endpoint=endpoint.label)
    return UnreachableError.because_of(error, endpoint=endpoint.label)
