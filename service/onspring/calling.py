"""How a call is made: with the account's key, counted, within limits, repeated where that is safe."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from service.onspring.endpoints import Endpoint
from service.onspring.errors import (
    DataTooLargeError,
    NoSuchThingError,
    OnspringError,
    UnreachableError,
    UnreadableAnswerError,
)
from service.onspring.keys import ApiKey
from service.onspring.protocol import Call, build_request, failure, read_answer
from service.onspring.repeating import is_repeatable, may_have_acted
from service.transport.errors import ResponseTooLargeError, TransportError
from service.transport.http import Client, send
from service.transport.limits import Limits
from service.transport.messages import Response
from service.transport.metering import Meter
from service.transport.retrying import retry
from service.transport.streaming import Arriving, receive

Result = TypeVar("Result")

_LONGEST_ERROR = 64 * 1024
_REDIRECTS = 300


class Caller:
    """Makes the calls of one account. Each attempt is counted by the meter."""

    def __init__(self, base_url: str, *, key: ApiKey, http: Client, meter: Meter, limits: Limits) -> None:
        self._base_url, self._key, self._http = base_url, key, http
        self._meter, self._limits = meter, limits

    async def perform(self, call: Call) -> Any:
        """Make a call and give the data of its answer. Raises OnspringError, BudgetExhaustedError."""
        course = _Course(call, ends=_now() + (call.within or self._limits.timeout))

        async def attempt() -> Any:
            request = build_request(self._base_url, call, self._key.headers())
            async with self._meter.call(call.endpoint.label) as note_status:
                with _reaching(call.endpoint):
                    answer = await send(
                        self._http, request, deadline=course.left(), max_bytes=self._limits.max_bytes
                    )
                note_status(answer.status)
            try:
                return read_answer(call.endpoint, answer)
            except NoSuchThingError:
                if call.endpoint.deletes and course.may_have_acted:
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

        async def attempt() -> tuple[Arriving, AsyncExitStack]:
            request = build_request(self._base_url, call, self._key.headers())
            async with AsyncExitStack() as stack:
                note_status = await stack.enter_async_context(self._meter.call(call.endpoint.label))
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
                await _refuse(call.endpoint, answer)
                return answer, stack.pop_all()

        answer, stack = await self._repeat(course, attempt)
        async with stack:
            yield answer

    async def _repeat(self, course: "_Course", attempt: Callable[[], Awaitable[Result]]) -> Result:
        retries = self._limits.retries

        async def attempting(_: int) -> Result:
            try:
                return await attempt()
            except OnspringError as error:
                course.may_have_acted = course.may_have_acted or may_have_acted(error)
                raise

        def pause(error: Exception, number: int) -> float | bool:
            if not isinstance(error, OnspringError) or not is_repeatable(course.call, error):
                return False
            return retries.pause(number, asked=error.retry_after, left=course.left())

        return await retry(attempting, pause=pause, retries=retries)


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


async def _refuse(endpoint: Endpoint, answer: Arriving) -> None:
    """Raise what an answer means that is no file; or is one in an encoding that was not asked for."""
    if answer.status >= _REDIRECTS:
        start = bytearray()
        async for part in answer.parts:
            start += part
            if len(start) > _LONGEST_ERROR:
                break
        raise failure(endpoint, Response(answer.status, answer.headers, bytes(start)))
    if answer.headers.get("content-encoding", "identity") != "identity":
        raise UnreadableAnswerError(
            "the file came in an encoding", endpoint=endpoint.label, status=answer.status
        )


@contextmanager
def _reaching(endpoint: Endpoint) -> Iterator[None]:
    try:
        yield
    except ResponseTooLargeError as error:
        raise DataTooLargeError(str(error), endpoint=endpoint.label) from error
    except TransportError as error:
        raise UnreachableError.because_of(error, endpoint=endpoint.label) from error


async def _reached(endpoint: Endpoint, parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    with _reaching(endpoint):
        async for part in parts:
            yield part
