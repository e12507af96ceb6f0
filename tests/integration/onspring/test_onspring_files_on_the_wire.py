"""Large files between the client and the simulator, over real HTTP: they pass through, or are refused."""

import asyncio
import tracemalloc
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path

import pytest

from service.dev.simulators.onspring.example import ATTACHMENTS
from service.onspring.client import OnspringClient
from service.onspring.errors import FileTooLargeError, UnreachableError
from service.transport.retrying import NO_RETRIES
from tests.fixtures.onspring_simulator import RunningOnspring, onspring_in_thread

MB = 1_000_000
PIECE = bytes(range(256)) * 256
"""So much is held of a file at once, by who sends it."""


def client_of(onspring: RunningOnspring) -> OnspringClient:
    return OnspringClient.open(api_key=onspring.key, base_url=onspring.url, timeout=60.0, retries=NO_RETRIES)


async def content_of(size: int) -> AsyncIterator[bytes]:
    whole, rest = divmod(size, len(PIECE))
    for _ in range(whole):
        yield PIECE
    yield PIECE[:rest]


def hash_of(size: int) -> str:
    whole, rest = divmod(size, len(PIECE))
    digest = sha256()
    for _ in range(whole):
        digest.update(PIECE)
    digest.update(PIECE[:rest])
    return digest.hexdigest()


@pytest.mark.parametrize("announced", [True, False])
async def test_45_mb_pass_both_ways_without_being_held(announced: bool) -> None:
    size = 45 * MB
    received = sha256()
    with onspring_in_thread() as onspring:
        async with client_of(onspring) as client:
            tracemalloc.start()
            try:
                file_id = await client.files.create(
                    1, ATTACHMENTS, content_of(size), name="a.bin", size=size if announced else None
                )
                async with client.files.download(1, ATTACHMENTS, file_id) as file:
                    assert file.size == size
                    async for part in file:
                        received.update(part)
                _, peak = tracemalloc.get_traced_memory()
            finally:
                tracemalloc.stop()
    assert received.hexdigest() == hash_of(size)
    assert peak < size / 4, "client and simulator together, which keeps files on the disk"


async def test_51_mb_are_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "large.bin"
    with path.open("wb") as file:
        file.truncate(51 * MB)
    with onspring_in_thread() as onspring:
        async with client_of(onspring) as client:
            with pytest.raises(FileTooLargeError, match="50 MB"):
                await client.files.create(1, ATTACHMENTS, path)
            assert await asyncio.to_thread(lambda: dict(onspring.state.files.by_id)) == {}


async def test_a_content_that_breaks_off_adds_no_file() -> None:
    async def breaking() -> AsyncIterator[bytes]:
        yield PIECE
        raise UnreachableError("it broke off", endpoint="GET /elsewhere")

    with onspring_in_thread() as onspring:
        async with client_of(onspring) as client:
            with pytest.raises(UnreachableError, match="elsewhere"):
                await client.files.create(1, ATTACHMENTS, breaking(), name="a.bin")
            await client.files.create(1, ATTACHMENTS, PIECE, name="b.bin")
        assert [stored.name for stored in onspring.state.files.by_id.values()] == ["b.bin"]
