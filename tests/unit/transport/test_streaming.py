"""An answer whose body is read piece by piece."""

import asyncio
from collections.abc import AsyncIterator, Callable

import httpx2
import pytest

from service.transport import errors
from service.transport.http import Client, Request, Timeout, make_client
from service.transport.streaming import receive

FILE = Request("GET", "https://files.test/T0PSECRET")


def client_over(answering: Callable[[httpx2.Request], httpx2.Response]) -> Client:
    return make_client(timeout=Timeout(5.0), allow_private=False, transport=httpx2.MockTransport(answering))


def answering_with(parts: AsyncIterator[bytes], **headers: str) -> Client:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client_over(lambda _: httpx2.Response(200, headers=named, content=parts))


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def never() -> AsyncIterator[bytes]:
    yield b"first"
    await asyncio.Event().wait()


async def test_the_head_comes_first_and_then_the_parts() -> None:
    async with (
        answering_with(pieces(b"one", b"two"), content_length="6", X_Some="Thing") as client,
        receive(client, FILE, deadline=5.0, head_within=5.0, longest_wait=5.0) as arriving,
    ):
        assert (arriving.status, arriving.size, arriving.headers["x-some"]) == (200, 6, "Thing")
        assert [part async for part in arriving.parts] == [b"one", b"two"]
    assert "T0PSECRET" not in repr(arriving)


@pytest.mark.parametrize("announced", ["", "6, 6", "-6", "6" * 30, "six", "²"])
async def test_a_size_that_is_none_is_not_known(announced: str) -> None:
    def answering(_: httpx2.Request) -> httpx2.Response:
        headers = [(b"content-length", announced.encode())]
        return httpx2.Response(200, headers=headers, content=pieces(b"abcdef"))

    async with (
        client_over(answering) as client,
        receive(client, FILE, deadline=5.0, head_within=5.0, longest_wait=5.0) as arriving,
    ):
        assert arriving.size is None
        assert [part async for part in arriving.parts] == [b"abcdef"]


@pytest.mark.parametrize("body", [b"", b"short", b"too long"])
async def test_a_body_of_another_size_than_announced_is_a_lost_connection(body: bytes) -> None:
    async with (
        answering_with(pieces(body), content_length="7") as client,
        receive(client, FILE, deadline=5.0, head_within=5.0, longest_wait=5.0) as arriving,
    ):
        with pytest.raises(errors.ConnectionLostError, match=f"{len(body)} of 7 announced bytes"):
            assert [part async for part in arriving.parts]


@pytest.mark.parametrize(("deadline", "longest_wait"), [(5.0, 0.02), (0.02, 5.0)])
async def test_a_part_that_does_not_come_is_not_waited_for(deadline: float, longest_wait: float) -> None:
    async with (
        answering_with(never()) as client,
        receive(client, FILE, deadline=deadline, head_within=5.0, longest_wait=longest_wait) as arriving,
    ):
        parts = arriving.parts
        assert await anext(parts) == b"first"
        with pytest.raises(errors.TimedOutError, match=r"within 0\.0"):
            await anext(parts)


@pytest.mark.parametrize(("deadline", "head_within"), [(5.0, 0.01), (0.01, 5.0), (-1.0, 5.0)])
async def test_a_head_that_does_not_come_is_not_waited_for(deadline: float, head_within: float) -> None:
    async def answering(_: httpx2.Request) -> httpx2.Response:
        await asyncio.Event().wait()
        raise AssertionError("nobody sets this event")

    async with make_client(
        timeout=Timeout(5.0), allow_private=False, transport=httpx2.MockTransport(answering)
    ) as client:
        with pytest.raises(errors.TimedOutError) as caught:
            async with receive(client, FILE, deadline=deadline, head_within=head_within, longest_wait=5.0):
                raise AssertionError("there was no head")
    assert "T0PSECRET" not in str(caught.value)


async def test_a_connection_that_breaks_in_the_middle_is_lost() -> None:
    async def breaking() -> AsyncIterator[bytes]:
        yield b"first"
        raise httpx2.ReadError("reset")

    async with (
        answering_with(breaking()) as client,
        receive(client, FILE, deadline=5.0, head_within=5.0, longest_wait=5.0) as arriving,
    ):
        with pytest.raises(errors.ConnectionLostError, match="broke off: reset"):
            assert [part async for part in arriving.parts]


@pytest.mark.parametrize("error", [TimeoutError("mine"), httpx2.ReadError("mine"), KeyError("mine")])
async def test_the_reader_s_own_errors_are_left_alone(error: Exception) -> None:
    closed: list[bool] = []

    class Body(httpx2.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield b"first"

        async def aclose(self) -> None:
            closed.append(True)

    async def reading(client: Client) -> None:
        async with receive(client, FILE, deadline=5.0, head_within=5.0, longest_wait=5.0) as arriving:
            await anext(arriving.parts)
            raise error

    async with client_over(lambda _: httpx2.Response(200, stream=Body())) as client:
        with pytest.raises(type(error), match="mine") as caught:
            await reading(client)
    assert caught.value is error
    assert closed == [True]
