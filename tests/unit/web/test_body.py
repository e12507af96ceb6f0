"""Reading a body within its limits."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message, Receive, Scope

from service.web.body import BodyLimits, BodyTooLargeError, BodyTooSlowError, ClientGoneError, read_body

LIMITS = BodyLimits(bytes=100, time=timedelta(seconds=10))


def scope(announced: str | None = None) -> Scope:
    return {"headers": [(b"content-length", announced.encode())] if announced is not None else []}


def arriving(chunks: Sequence[bytes]) -> Receive:
    messages = [
        {"type": "http.request", "body": chunk, "more_body": number < len(chunks) - 1}
        for number, chunk in enumerate(chunks)
    ]

    async def receive() -> Message:
        return messages.pop(0)

    return receive


@given(st.lists(st.binary(max_size=60), min_size=1, max_size=6))
async def test_a_body_is_whole_or_refused_whatever_its_chunks(chunks: list[bytes]) -> None:
    body = b"".join(chunks)
    if len(body) <= LIMITS.bytes:
        assert await read_body(scope(), arriving(chunks), LIMITS) == body
    else:
        with pytest.raises(BodyTooLargeError):
            await read_body(scope(), arriving(chunks), LIMITS)


async def test_an_announced_excess_is_refused_before_reading() -> None:
    async def never() -> Message:
        raise AssertionError("the body was read")

    with pytest.raises(BodyTooLargeError, match="101 bytes"):
        await read_body(scope("101"), never, LIMITS)


async def test_a_body_of_exactly_the_limit_is_accepted() -> None:
    assert len(await read_body(scope("100"), arriving([b"x" * 100]), LIMITS)) == 100


async def test_a_slow_body_is_given_up() -> None:
    async def stalled() -> Message:
        await asyncio.Event().wait()
        return {}

    with pytest.raises(BodyTooSlowError):
        await read_body(scope(), stalled, BodyLimits(time=timedelta(milliseconds=10)))


async def test_a_sender_that_hangs_up_is_gone() -> None:
    async def gone() -> Message:
        return {"type": "http.disconnect"}

    with pytest.raises(ClientGoneError):
        await read_body(scope(), gone, LIMITS)
