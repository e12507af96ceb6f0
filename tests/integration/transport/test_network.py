"""`send` against a real server that behaves badly."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from service.errors import Disposition
from service.transport.errors import (
    BlockedAddressError,
    ConnectFailedError,
    ConnectionLostError,
    TimedOutError,
)
from service.transport.http import Request, Response, Timeout, make_client, send


@asynccontextmanager
async def serving(answer: bytes, *, hold: bool = False) -> AsyncIterator[str]:
    """A server that answers any request with these bytes and closes, or holds the line."""
    over = asyncio.Event()

    async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        if hold:
            await over.wait()
        writer.close()

    server = await asyncio.start_server(respond, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        over.set()


async def call(url: str, *, allow_private: bool = True, read: float = 5.0, deadline: float = 5.0) -> Response:
    async with make_client(timeout=Timeout(5.0, read=read), allow_private=allow_private) as client:
        return await send(client, Request("GET", url), deadline=deadline, max_bytes=1000)


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


async def test_a_private_host_is_called_only_with_permission() -> None:
    async with serving(OK) as url:
        assert (await call(url)).body == b"ok"
        with pytest.raises(BlockedAddressError):
            await call(url, allow_private=False)


async def test_a_body_that_is_cut_is_no_answer() -> None:
    async with serving(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this") as url:
        with pytest.raises(ConnectionLostError):
            await call(url)


@pytest.mark.parametrize("answer", [b"", b"220 mail.test ESMTP\r\n"])
async def test_silence_and_other_protocols_are_a_lost_connection(answer: bytes) -> None:
    async with serving(answer) as url:
        with pytest.raises(ConnectionLostError):
            await call(url)


async def test_an_answer_that_stalls_runs_into_the_read_timeout() -> None:
    async with serving(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", hold=True) as url:
        with pytest.raises(TimedOutError, match="in time"):
            await call(url, read=0.05)


async def test_an_answer_that_stalls_runs_into_the_deadline() -> None:
    async with serving(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", hold=True) as url:
        with pytest.raises(TimedOutError, match="within"):
            await call(url, deadline=0.05)


async def test_a_closed_port_is_a_failed_connection() -> None:
    async with serving(OK) as url:
        pass
    with pytest.raises(ConnectFailedError):
        await call(url)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "2130706433",
        "0x7f.1",
        "0x7f000001",
        "127.1",
        "0",
        "169.254.169.254",
    ],
)
async def test_a_client_without_permission_calls_no_private_host(host: str) -> None:
    async with make_client(timeout=Timeout(5.0), allow_private=False, max_connections=1) as client:
        for _ in range(2):  # the second time tells that the first did not leave its connection taken
            with pytest.raises(BlockedAddressError, match="allow_private: true") as caught:
                await send(client, Request("GET", f"http://{host}:1/"), deadline=5.0, max_bytes=1000)
            assert caught.value.disposition is Disposition.DISCARD
