"""Files between the client and a server that behaves badly, byte by byte."""

import asyncio
import contextlib
import resource
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from service.fusioo import errors
from service.fusioo.client import FusiooClient
from service.transport.retrying import NO_RETRIES
from tests.fixtures.multipart import Part, read_form

MIB = 1 << 20
Talking = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def client_of(talking: Talking, *, patience: float = 5.0) -> AsyncIterator[FusiooClient]:
    """A client of a server that says what it is told to, and closes the connection."""
    talks: set[asyncio.Task[None]] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if (task := asyncio.current_task()) is not None:
            talks.add(task)
        with contextlib.suppress(ConnectionError):
            try:
                await talking(reader, writer)
            finally:
                writer.close()
                await writer.wait_closed()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with (
        server,
        FusiooClient.open(
            token="a-token-for-tests",
            timeout=patience,
            base_url=f"http://127.0.0.1:{port}/v3",
            retries=NO_RETRIES,
        ) as client,
    ):
        yield client
    if talks:
        _, unfinished = await asyncio.wait(talks, timeout=10.0)
        assert not unfinished


def saying(*answers: bytes) -> Talking:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for answer in answers:
            writer.write(answer)
            await writer.drain()

    return talk


IMAGE = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n"
ACCEPTED = b'{"code": 10000, "message": "Success", "data": {"id": "if330", "title": "a"}}'


def answer_of(body: bytes, status: str = "200 OK") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def downloaded(client: FusiooClient, *, within: float = 10.0) -> bytes:
    async with client.files.download("ia4f42", within=within) as file:
        return b"".join([part async for part in file])


@pytest.mark.parametrize(
    "answer",
    [
        IMAGE + b"Content-Length: 100\r\n\r\nonly this",
        IMAGE + b"Transfer-Encoding: chunked\r\n\r\n4\r\nonly\r\n5\r\n thi",
        IMAGE + b"Transfer-Encoding: chunked\r\n\r\n4\r\nonly\r\n",
    ],
)
async def test_a_file_that_is_cut_is_an_error(answer: bytes) -> None:
    async with client_of(saying(answer)) as client:
        with pytest.raises(errors.UnreachableError, match="broke off"):
            await downloaded(client)


async def test_without_an_announced_size_the_end_is_the_end() -> None:
    async with (
        client_of(saying(IMAGE + b"\r\nwhole")) as client,
        client.files.download("ia4f42") as file,
    ):
        assert file.size is None
        assert [part async for part in file] == [b"whole"]


@pytest.mark.parametrize(("patience", "within"), [(0.3, 10.0), (5.0, 0.3)])
async def test_a_file_that_stalls_is_given_up(patience: float, within: float) -> None:
    over = asyncio.Event()

    async def stalling(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await saying(IMAGE + b"Content-Length: 100\r\n\r\nbegin")(reader, writer)
        await over.wait()

    async with client_of(stalling, patience=patience) as client:
        with pytest.raises(errors.UnreachableError, match="did not answer"):
            await downloaded(client, within=within)
        over.set()


async def test_a_file_that_drips_may_take_longer_than_one_call() -> None:
    async def dripping(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await saying(IMAGE + b"Content-Length: 8\r\n\r\n")(reader, writer)
        for _ in range(8):
            await asyncio.sleep(0.1)
            writer.write(b"x")
            await writer.drain()

    async with client_of(dripping, patience=0.5) as client:
        assert await downloaded(client) == b"x" * 8


async def test_a_reader_who_stops_early_leaves_a_client_that_works() -> None:
    endless = IMAGE + b"Content-Length: 100000000\r\n\r\n" + bytes(MIB)
    async with client_of(saying(endless)) as client:
        for _ in range(25):  # more often than there are connections
            async with client.files.download("ia4f42") as file:
                async for part in file:
                    assert part
                    break


@pytest.mark.parametrize("told", [True, False])
async def test_a_form_arrives_whole_with_and_without_a_length(told: bool) -> None:
    received: list[tuple[str, list[Part]]] = []

    async def content() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"0123456789" * 1000

    async def reading(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:-2])
        named = {name.lower(): value for name, value in fields.items()}
        if "content-length" in named:
            body = await reader.readexactly(int(named["content-length"]))
        else:
            body = b"".join([chunk async for chunk in _chunks(reader)])
        received.append((head.split("\r\n")[0], read_form(named["content-type"], body)))
        writer.write(answer_of(ACCEPTED))
        await writer.drain()

    async with client_of(reading) as client:
        created = await client.files.create(
            content(), name="a", size=1_000_000 if told else None, record_id="i1", field_id="files"
        )
    assert created.id == "if330"
    form = Part("file", "a", "application/octet-stream", b"0123456789" * 100_000)
    assert received == [("POST /v3/files?recordId=i1&fieldId=files HTTP/1.1", [form])]


async def _chunks(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    while size := int(await reader.readline(), 16):
        yield await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readexactly(2)


async def test_an_answer_that_comes_before_the_file_is_through_is_no_riddle(tmp_path: Path) -> None:
    path = tmp_path / "large.bin"
    with path.open("wb") as file:
        file.truncate(64 * MIB)
    refusal = answer_of(b'{"code": 30252, "message": "Too large", "data": null}', "413 Too Large")
    async with client_of(saying(refusal)) as client:
        with pytest.raises((errors.FileTooLargeError, errors.UnreachableError)):
            await client.files.create(path)


async def test_large_files_go_through_in_little_memory(tmp_path: Path) -> None:
    size = 64 * MIB
    path, saved = tmp_path / "large.bin", tmp_path / "saved.bin"
    with path.open("wb") as file:
        file.truncate(size)
    sent = 0

    async def swallowing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        head = await reader.readuntil(b"\r\n\r\n")
        if head.startswith(b"GET"):
            writer.write(IMAGE + f"Content-Length: {size}\r\n\r\n".encode())
            for _ in range(size // MIB):
                writer.write(bytes(MIB))
                await writer.drain()
            return
        left = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        while left:
            left -= len(part := await reader.read(MIB))
            sent += len(part)
        writer.write(answer_of(ACCEPTED))
        await writer.drain()

    before = _peak()
    async with client_of(swallowing, patience=30.0) as client:
        await client.files.create(path)
        async with client.files.download("ia4f42") as arriving:
            assert await arriving.save(saved) == size
    assert sent > size
    assert saved.stat().st_size == size
    assert _peak() - before < size / 4


def _peak() -> int:
    """The most memory that this process has had so far, in bytes."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
