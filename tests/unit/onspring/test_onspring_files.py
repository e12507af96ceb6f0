"""Files to and from Onspring, without holding them."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest

from service.onspring import errors
from service.transport.retrying import Retries
from tests.fixtures.fusioo_client import Recorder
from tests.fixtures.multipart import read_form
from tests.fixtures.onspring_client import BASE, client_over, said

QUICK = Retries(attempts=3, first_pause=0.0, longest_pause=0.0)
HEADERS = {"content-type": "text/html", "content-disposition": 'attachment; filename="a b.html"'}


async def test_a_file_goes_out_as_the_form_of_the_specification(tmp_path: Path) -> None:
    path = tmp_path / "evidence.pdf"
    path.write_bytes(b"%PDF" * 1000)
    onspring = Recorder(httpx2.Response(201, json={"id": 1904}))
    async with client_over(onspring) as client:
        modified = datetime(2024, 1, 1, tzinfo=UTC)
        assert await client.files.create(140, 6989, path, notes="x: \r\n y", modified=modified) == 1904
    parts = read_form(onspring.last.headers["content-type"], onspring.last.content)
    assert [(part.field, part.content) for part in parts[:-1]] == [
        ("RecordId", b"140"),
        ("FieldId", b"6989"),
        ("Notes", b"x: \r\n y"),
        ("ModifiedDate", b"2024-01-01T00:00:00Z"),
    ]
    file = parts[-1]
    assert (file.field, file.name, file.content_type) == ("File", "evidence.pdf", "application/pdf")
    assert file.content == b"%PDF" * 1000
    assert int(onspring.last.headers["content-length"]) == len(onspring.last.content)


async def test_a_file_that_is_too_large_is_told_once() -> None:
    async def arriving() -> AsyncIterator[bytes]:
        yield b"a" * 1000

    onspring = Recorder(httpx2.Response(413))
    async with client_over(onspring, retries=QUICK, timeout=60) as client:
        for content in (b"a" * 1000, arriving()):
            with pytest.raises(errors.FileTooLargeError, match="up to 50 MB"):
                await client.files.create(1, 2, content, name="a.bin")
    assert len(onspring.requests) == 2


async def test_a_stream_is_not_sent_twice() -> None:
    async def arriving() -> AsyncIterator[bytes]:
        yield b"a"

    onspring = Recorder(httpx2.Response(503))
    async with client_over(onspring, retries=QUICK, timeout=60) as client:
        with pytest.raises(errors.UnavailableError):
            await client.files.create(1, 2, arriving(), name="a.bin")
    assert len(onspring.requests) == 1


async def test_a_download_gives_name_type_and_content(tmp_path: Path) -> None:
    onspring = Recorder(httpx2.Response(200, content=b"<p>a file, no error</p>", headers=HEADERS))
    async with client_over(onspring) as client, client.files.download(1, 6989, 89) as file:
        assert (file.name, file.content_type, file.size) == ("a b.html", "text/html", 23)
        assert await file.save(tmp_path / "a.html") == 23
    assert str(onspring.last.url) == f"{BASE}/Files/recordId/1/fieldId/6989/fileId/89/file"
    assert onspring.last.headers["accept"] == "*/*"
    assert (tmp_path / "a.html").read_bytes() == b"<p>a file, no error</p>"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (said(400, "no file field"), errors.BadRequestError),
        (said(403, "role"), errors.AccessDeniedError),
        (said(404, "no file"), errors.NoSuchThingError),
        (httpx2.Response(401, html="<h1>Sign in</h1>"), errors.UnauthorizedError),
        (httpx2.Response(302, headers={"location": "/"}), errors.UnexpectedStatusError),
        (httpx2.Response(200, headers={"content-encoding": "gzip"}), errors.UnreadableAnswerError),
    ],
)
async def test_an_error_comes_before_the_first_piece(answer: httpx2.Response, error: type[Exception]) -> None:
    async with client_over(Recorder(answer)) as client:
        with pytest.raises(error):
            async with client.files.download(1, 2, 3):
                pytest.fail("there is no file")


async def test_a_download_is_begun_anew_where_it_failed_before_it_began() -> None:
    onspring = Recorder(httpx2.Response(503), httpx2.Response(200, content=b"a"))
    async with (
        client_over(onspring, retries=QUICK, timeout=60) as client,
        client.files.download(1, 2, 3) as file,
    ):
        assert b"".join([part async for part in file]) == b"a"
    assert len(onspring.requests) == 2


async def test_a_file_that_is_cut_short_is_no_file() -> None:
    cut = httpx2.Response(200, stream=_Cut(), headers={"content-length": "10"})
    async with client_over(lambda _: cut) as client, client.files.download(1, 2, 3) as file:
        with pytest.raises(errors.UnreachableError, match="3 of 10 announced bytes"):
            _ = [part async for part in file]


class _Cut(httpx2.AsyncByteStream):
    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b"abc"


async def test_a_deleted_file_has_no_suffix_in_its_path() -> None:
    onspring = Recorder(httpx2.Response(204))
    async with client_over(onspring) as client:
        await client.files.delete(140, 6989, 1904)
    assert (onspring.last.method, onspring.last.url.path) == (
        "DELETE",
        "/Files/recordId/140/fieldId/6989/fileId/1904",
    )
