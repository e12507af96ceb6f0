"""How a call is made: with the account's key, counted, within limits, repeated where that is safe."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
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
from service.transport.calling import Attempt, Course, ask, open_answer
from service.transport.errors import ResponseTooLargeError, TransportError
from service.transport.http import Client
from service.transport.limits import Limits
from service.transport.messages import Response
from service.transport.metering import Meter
from service.transport.retrying import retry
from service.transport.streaming import Arriving

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
        course = Course.within(call.within or self._limits.timeout)

        async def attempt() -> Any:
            answer = await ask(self._http, self._attempt(call, course), max_bytes=self._limits.max_bytes)
            try:
                return read_answer(call.endpoint, answer)
            except NoSuchThingError:
                if call.endpoint.deletes and course.may_have_acted:
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

        async def attempt() -> tuple[Arriving, AsyncExitStack]:
            return await open_answer(
                self._http,
                self._attempt(call, course),
                partial(_refuse_or_pass, call.endpoint),
                whole=whole,
                longest_wait=self._limits.timeout,
            )

        answer, stack = await self._repeat(call, course, attempt)
        async with stack:
            yield answer

    def _attempt(self, call: Call, course: Course) -> Attempt:
        return Attempt(
            build_request(self._base_url, call, self._key.headers()),
            course,
            self._meter.call(call.endpoint.label),
            partial(_meaning, call.endpoint),
        )

    async def _repeat(self, call: Call, course: Course, attempt: Callable[[], Awaitable[Result]]) -> Result:
        retries = self._limits.retries

        async def attempting(_: int) -> Result:
            try:
                return await attempt()
            except OnspringError as error:
                course.may_have_acted = course.may_have_acted or may_have_acted(error)
                raise

        def pause(error: Exception, number: int) -> float | bool:
            if not isinstance(error, OnspringError) or not is_repeatable(call, error):
                return False
            return retries.pause(number, asked=error.retry_after, left=course.left())

        return await retry(attempting, pause=pause, retries=retries)


async def _refuse_or_pass(endpoint: Endpoint, answer: Arriving) -> Arriving:
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
    return answer


def _meaning(endpoint: Endpoint, error: TransportError) -> OnspringError:
    if isinstance(error, ResponseTooLargeError):
        return DataTooLargeError(str(error), endpoint=endpoint.label)
    return UnreachableError.because_of(error, endpoint=endpoint.label)
