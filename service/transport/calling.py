"""What the calls of all providers have in common: one time limit over all attempts, counted, and no answer
gets the provider's own meaning.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Self

from service.transport.errors import TransportError
from service.transport.http import Client, send
from service.transport.messages import Request, Response
from service.transport.streaming import Arriving, receive


@dataclass(slots=True)
class Course:
    """How a call goes over its attempts."""

    ends: float
    """By the loop's clock."""
    may_have_acted: bool = False
    """Whether an attempt that failed may have done what was asked."""

    @classmethod
    def within(cls, seconds: float) -> Self:
        """Begin a call that may last so long altogether."""
        return cls(_now() + seconds)

    def left(self) -> float:
        """How many seconds are left."""
        return max(self.ends - _now(), 0.0)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at a call."""

    request: Request
    course: Course
    metered: AbstractAsyncContextManager[Callable[[int], None]]
    """Counts it; takes the answer's status."""
    meaning: Callable[[TransportError], Exception]
    """The provider's error for no answer."""


async def ask(http: Client, attempt: Attempt, *, max_bytes: int) -> Response:
    """Send a request and give its whole answer, whatever its status.

    Raises what no answer means, and what the meter raises.
    """
    async with attempt.metered as note_status:
        with _reaching(attempt):
            answer = await send(http, attempt.request, deadline=attempt.course.left(), max_bytes=max_bytes)
        note_status(answer.status)
    return answer


async def open_answer(
    http: Client,
    attempt: Attempt,
    check: Callable[[Arriving], Awaitable[Arriving]],
    *,
    whole: Course,
    longest_wait: float,
) -> tuple[Arriving, AsyncExitStack]:
    """Send a request and give the head and the parts of its answer, and what ends the call.

    The attempt's course limits the head, `whole` everything, `longest_wait` each wait for a part, in seconds.
    Gives what `check` makes of the answer. Raises what that raises; else as `ask` does, also while parts are
    read.
    """
    async with AsyncExitStack() as stack:
        note_status = await stack.enter_async_context(attempt.metered)
        receiving = receive(
            http,
            attempt.request,
            deadline=whole.left(),
            head_within=attempt.course.left(),
            longest_wait=longest_wait,
        )
        with _reaching(attempt):
            answer = await stack.enter_async_context(receiving)
        note_status(answer.status)
        return await check(replace(answer, parts=_reached(attempt, answer.parts))), stack.pop_all()


def _now() -> float:
    return asyncio.get_running_loop().time()


@contextmanager
def _reaching(attempt: Attempt) -> Iterator[None]:
    try:
        yield
    except TransportError as error:
        raise attempt.meaning(error) from error


async def _reached(attempt: Attempt, parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    with _reaching(attempt):
        async for part in parts:
            yield part
