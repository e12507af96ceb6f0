"""How a call is made: with the account's credentials, counted, within limits, repeated where that is safe."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
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
from service.transport.errors import ResponseTooLargeError, TransportError
from service.transport.http import Client, send
from service.transport.limits import Limits
from service.transport.metering import Meter, Unmetered
from service.transport.retrying import retry
from service.transport.streaming import Arriving, receive

Result = TypeVar("Result")
Credentials = Mapping[str, str]


class Caller:
    """Makes the calls of one account. Each attempt is counted by the meter, unless it is free."""

    def __init__(self, base_url: str, *, auth: Auth, http: Client, meter: Meter, limits: Limits) -> None:
        self._base_url, self._auth, self._http = base_url, auth, http
        self._meter, self._limits = meter, limits

    async def perform(self, call: Call) -> Any:
        """Make a call and give the data of its answer. Raises FusiooError, BudgetExhaustedError."""
        course = _Course(call, ends=_now() + (call.within or self._limits.timeout))

        async def attempt(credentials: Credentials) -> Any:
            request = build_request(self._base_url, call, credentials)
            async with self._metered(call.endpoint) as note_status:
                with _reaching(call.endpoint):
                    answer = await send(
                        self._http, request, deadline=course.left(), max_bytes=self._limits.max_bytes
                    )
                note_status(answer.status)
            try:
                return read_answer(call.endpoint, answer)
            except FusiooError as error:
                if course.may_have_acted and _says_gone(call.endpoint, error):
                    return None
                raise

        return await self._repeat(course, attempt)

    @asynccontextmanager
    async def stream(self, call: Call) -> AsyncIterator[Arriving]:
        """Make a call that is answered with a file, and give its head and its parts.

        The client's time limit holds for the head with all repetitions, and for each wait for a part;
        `call.within` for everything. The call is under way until the end. Raises as `perform` does, also
        while parts are read.
        """
        course = _Course(call, ends=_now() + self._limits.timeout)
        until = _now() + (call.within or self._limits.timeout)

        async def attempt(credentials: Credentials) -> tuple[Arriving, AsyncExitStack]:
            request = build_request(self._base_url, call, credentials, accept="*/*")
            async with AsyncExitStack() as stack:
                note_status = await stack.enter_async_context(self._metered(call.endpoint))
                receiving = receive(
                    self._http,
                    request,
                    deadline=until - _now(),
                    head_within=course.left(),
                    longest_wait=self._limits.timeout,
                )
                with _reaching(call.endpoint):
                    answer = await stack.enter_async_context(receiving)
                note_status(answer.status)
                answer = replace(answer, parts=_reached(call.endpoint, answer.parts))
                return await refuse_or_pass(call.endpoint, answer), stack.pop_all()

        answer, stack = await self._repeat(course, attempt)
        async with stack:
            yield answer

    async def _repeat(self, course: "_Course", attempt: Callable[[Credentials], Awaitable[Result]]) -> Result:
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
            if not isinstance(error, FusiooError) or not is_repeatable(course.call, error):
                return False
            if isinstance(error, StaleTokenError):
                return 0.0
            return retries.pause(number, asked=error.retry_after, left=course.left())

        return await retry(attempting, pause=pause, retries=retries)

    def _metered(self, endpoint: Endpoint) -> AbstractAsyncContextManager[Callable[[int], None]]:
        meter = self._meter if endpoint.metered else Unmetered()
        return meter.call(endpoint.label)


@dataclass(slots=True)
class _Course:
    """How a call goes over its attempts."""

    call: Call
    ends: float
    """By the loop's clock."""
    may_have_acted: bool = False
    """Whether an attempt that failed may have done what was asked."""

    def left(self) -> float:
        return max(self.ends - _now(), 0.0)


def _now() -> float:
    return asyncio.get_running_loop().time()


def _says_gone(endpoint: Endpoint, error: FusiooError) -> bool:
    return endpoint.gone is not None and isinstance(error, endpoint.gone)


@contextmanager
def _reaching(endpoint: Endpoint) -> Iterator[None]:
    try:
        yield
    except ResponseTooLargeError as error:
        raise RequestTooLargeError(str(error), endpoint=endpoint.label) from error
    except TransportError as error:
        raise UnreachableError.because_of(error, endpoint=endpoint.label) from error


async def _reached(endpoint: Endpoint, parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    with _reaching(endpoint):
        async for part in parts:
            yield part
