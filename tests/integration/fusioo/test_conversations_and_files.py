"""Discussions, comments, users and files, between the client and the simulator, over HTTP."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from service.dev.simulators.faults import AnswerFault
from service.dev.simulators.fusioo.documented import FILES_APP, documented_state
from service.fusioo import errors
from service.fusioo.client import FusiooClient
from service.transport.retrying import Retries
from tests.fixtures.simulator import TOKEN, RunningSimulator, simulator_in_thread

RECORD = "i30000"
"""A record with a field for files."""


@pytest.fixture
def company() -> Iterator[RunningSimulator]:
    with simulator_in_thread(documented_state(token=TOKEN)) as running:
        yield running


@pytest.fixture
async def client(company: RunningSimulator) -> AsyncIterator[FusiooClient]:
    async with FusiooClient.open(token=TOKEN, timeout=10.0, base_url=company.url) as opened:
        yield opened


async def test_the_life_of_a_discussion(client: FusiooClient) -> None:
    attached = await client.files.create(b"look", name="look.txt")
    begun = await client.discussions.create(RECORD, "Grün & groß", files=[attached.id])
    comment = await client.comments.create(begun.id, "Yes")
    (listed,) = await client.discussions.list(RECORD)
    assert listed == await client.discussions.get(begun.id)
    assert (listed.content, listed.files, listed.comments) == ("Grün & groß", (attached.id,), (comment,))
    await client.discussions.delete(begun.id)
    with pytest.raises(errors.DiscussionNotFoundError):
        await client.discussions.get(begun.id)
    with pytest.raises(errors.DiscussionNotFoundError):
        await client.comments.create(begun.id, "Too late")


async def test_discussions_come_in_pages(client: FusiooClient) -> None:
    for number in range(5):
        await client.discussions.create(RECORD, f"number {number}")
    everything = await client.discussions.list(RECORD, order="asc")
    pages = [await client.discussions.list(RECORD, order="asc", offset=n, limit=2) for n in (0, 2, 4)]
    assert [one for page in pages for one in page] == list(everything)
    with pytest.raises(errors.LimitInvalidError):
        await client.discussions.list(RECORD, limit=201)
    with pytest.raises(errors.OffsetInvalidError):
        await client.discussions.list(RECORD, offset=-1)
    with pytest.raises(errors.RecordNotFoundError):
        await client.discussions.list("i99999")


async def test_texts_that_are_refused(client: FusiooClient) -> None:
    with pytest.raises(errors.ContentMissingError):
        await client.discussions.create(RECORD, "")
    with pytest.raises(errors.ContentTooLongError):
        await client.discussions.create(RECORD, "x" * 10_001)


async def test_users(client: FusiooClient) -> None:
    everybody = await client.users.list()
    assert await client.users.get(everybody[0].id) == everybody[0]
    with pytest.raises(errors.UserNotFoundError) as caught:
        await client.users.get("i99999")
    assert caught.value.code == 30105


async def test_the_trash(client: FusiooClient) -> None:
    await client.records.delete("i59adb")
    assert (await client.records.get_deleted("i59adb"))["title"] == "Start using the API"
    with pytest.raises(errors.RecordNotFoundError):
        await client.records.get_deleted(RECORD)


async def test_the_life_of_a_file(client: FusiooClient, tmp_path: Path) -> None:
    sent, saved = tmp_path / 'Grün "& groß".txt', tmp_path / "saved"
    content = b'{"code": 30250, "message": "File not found"}\r\n--' * 30_000
    sent.write_bytes(content)
    created = await client.files.create(sent, record_id=RECORD, field_id="files")
    known = await client.files.get(created.id)
    assert (known.size, known.content_type, known.name) == (len(content), "text/plain", created.title)
    assert (await client.records.get(RECORD))["files"][-1] == created.id
    async with client.files.download(created.id) as file:
        assert (file.name, file.size) == (known.name, len(content))
        assert await file.save(saved) == len(content)
    assert saved.read_bytes() == content
    await client.files.delete(created.id)
    for asking in (client.files.get, client.files.delete):
        with pytest.raises(errors.NoSuchFileError):
            await asking(created.id)


async def test_a_temporary_file_is_put_into_a_record(client: FusiooClient) -> None:
    async def arriving() -> AsyncIterator[bytes]:
        for _ in range(10):
            yield b"0123456789"

    created = await client.files.create(arriving(), name="digits.txt")
    made = await client.records.create(FILES_APP, {"title": "With digits", "files": [created.id]})
    assert (await client.records.get(made["id"]))["files"] == [created.id]
    async with client.files.download(created.id) as file:
        assert b"".join([part async for part in file]) == b"0123456789" * 10


async def test_files_that_are_refused(client: FusiooClient, company: RunningSimulator) -> None:
    with pytest.raises(errors.FileTypeInvalidError):
        await client.files.create(b"MZ", name="virus.exe")
    company.state.quotas.file_bytes = 1_000_000
    with pytest.raises(errors.FileTooLargeError):
        await client.files.create(bytes(1_000_001), name="big.bin")
    company.state.quotas.storage_bytes = 100
    with pytest.raises(errors.StorageFullError):
        await client.files.create(bytes(200), name="small.bin")
    with pytest.raises(errors.NoSuchFileError):
        async with client.files.download("i99999"):
            raise AssertionError("there is no such file")


async def test_passing_failures_are_repeated_over_the_network(company: RunningSimulator) -> None:
    company.state.faults.answers.append(AnswerFault(status=503, body="html", retry_after=0, times=2))
    quick = Retries(first_pause=0.0, longest_pause=0.0)
    async with FusiooClient.open(token=TOKEN, timeout=10.0, base_url=company.url, retries=quick) as patient:
        await patient.users.list()
    assert len(company.calls_of("GET", "/users")) == 3
