"""Files through the client: what is sent, what comes, and errors in place of a file."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from service.fusioo import errors
from service.fusioo.client import FusiooClient
from service.transport.retrying import Retries
from tests.fixtures.fusioo_client import Recorder, client_over, enveloped
from tests.fixtures.multipart import Part, read_form

INFO = {
    "id": "ia4f42",
    "name": "image.png",
    "content_type": "image/png",
    "size": 1228,
    "created_on": "2023-08-01T08:30:35",
    "created_by": "Ryan Smith",
}
JSON = {"Content-Type": "application/json; charset=utf-8"}


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


async def downloaded(client: FusiooClient) -> bytes:
    async with client.files.download("ia4f42") as file:
        return b"".join([part async for part in file])


async def test_what_is_known_of_a_file_and_its_deletion() -> None:
    fusioo = Recorder(enveloped(INFO))
    async with client_over(fusioo) as client:
        assert (await client.files.get("ia4f42")).model_dump() == INFO
        await client.files.delete("ia4f42")
    assert [(sent.method, sent.url.raw_path) for sent in fusioo.requests] == [
        ("GET", b"/v3/files/ia4f42"),
        ("DELETE", b"/v3/files/ia4f42"),
    ]


async def test_a_file_comes_with_its_name_and_size(tmp_path: Path) -> None:
    headers = {
        "Content-Type": "image/png",
        "Content-Length": "6",
        "Content-Disposition": 'attachment; filename="image.png"',
    }
    fusioo = Recorder(httpx2.Response(200, headers=headers, content=pieces(b"one", b"two")))
    async with client_over(fusioo) as client, client.files.download("ia4f42") as file:
        assert (file.name, file.size, file.content_type) == ("image.png", 6, "image/png")
        assert await file.save(tmp_path / "image.png") == 6
    assert contents(tmp_path) == {"image.png": b"onetwo"}
    assert fusioo.last.url.raw_path == b"/v3/files/download/ia4f42"
    assert fusioo.last.headers["accept"] == "*/*"


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (JSON, b'{"code": 7, "message": "a file of ours", "data": {}}'),
        (JSON, b'{"code": 30250, "message": "x", "data": {}, "more": 1}'),
        (JSON, b'{"code": 30250, "data": {}}'),
        (JSON, b'{"code": 10000, "message": "Success", "data": {}}'),
        (JSON, b"[1, 2]"),
        (JSON, b""),
        (JSON, b'"' + b"x" * 200_000 + b'"'),
        (JSON | {"Content-Disposition": "attachment"}, b'{"code": 30250, "message": "File not found"}'),
        ({"Content-Type": "text/plain"}, b'{"code": 30250, "message": "File not found"}'),
        ({}, b"no type"),
    ],
)
async def test_a_json_file_is_a_file(headers: dict[str, str], body: bytes) -> None:
    parts = pieces(*(body[start : start + 1000] for start in range(0, len(body), 1000)))
    async with client_over(Recorder(httpx2.Response(200, headers=headers, content=parts))) as client:
        assert await downloaded(client) == body


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (enveloped(code=30250, status=404, message="File not found"), errors.NoSuchFileError),
        (enveloped(code=30250, message="File not found"), errors.NoSuchFileError),
        (enveloped(code=30256, message="Denied"), errors.FileAccessDeniedError),
        (enveloped(code=10003, message="Unauthorized"), errors.UnauthorizedError),
        (httpx2.Response(200, content=b'{"code": 30001, "message": "No"}'), errors.AppAccessDeniedError),
        (httpx2.Response(429), errors.RateLimitedError),
        (httpx2.Response(503, text="<html>" * 100_000), errors.UnavailableError),
        (httpx2.Response(302, headers={"Location": "https://x"}), errors.UnreadableAnswerError),
        (httpx2.Response(200, headers={"Content-Encoding": "br"}), errors.UnreadableAnswerError),
    ],
)
async def test_an_error_is_raised_before_the_first_piece(
    answer: httpx2.Response, expected: type[errors.FusiooError]
) -> None:
    async with client_over(Recorder(answer)) as client:
        with pytest.raises(expected) as caught:
            await downloaded(client)
    assert caught.value.endpoint == "GET /files/download/{file}"


async def test_a_file_that_is_cut_is_an_error_and_leaves_nothing_behind(tmp_path: Path) -> None:
    kept = tmp_path / "kept.bin"
    kept.write_bytes(b"before")

    async def saving(client: FusiooClient) -> None:
        async with client.files.download("ia4f42") as file:
            await file.save(kept)

    headers = {"Content-Type": "image/png", "Content-Length": "9"}
    fusioo = Recorder(httpx2.Response(200, headers=headers, content=pieces(b"one", b"two")))
    async with client_over(fusioo, retries=Retries(first_pause=0.0, longest_pause=0.0)) as client:
        with pytest.raises(errors.UnreachableError, match="6 of 9 announced bytes"):
            await saving(client)
    assert contents(tmp_path) == {"kept.bin": b"before"}
    assert len(fusioo.requests) == 1  # nothing is repeated once the file has begun


async def test_a_download_is_repeated_until_it_has_begun() -> None:
    fusioo = Recorder(httpx2.Response(502), httpx2.Response(200, text="content"))
    async with client_over(fusioo, retries=Retries(first_pause=0.0, longest_pause=0.0)) as client:
        assert await downloaded(client) == b"content"


async def test_a_file_is_read_once_and_not_after_its_end() -> None:
    async with client_over(Recorder(httpx2.Response(200, text="content"))) as client:
        async with client.files.download("ia4f42") as file:
            assert [part async for part in file] == [b"content"]
            with pytest.raises(RuntimeError, match="read already"):
                aiter(file)
        async with client.files.download("ia4f42") as file:
            pass
        with pytest.raises(RuntimeError, match="is over"):
            aiter(file)


async def test_a_temporary_file_and_one_in_a_record(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"content")
    fusioo = Recorder(enveloped({"id": "if330", "title": "a.txt"}))
    async with client_over(fusioo) as client:
        created = await client.files.create(tmp_path / "a.txt")
        assert (created.id, created.title) == ("if330", "a.txt")
        assert fusioo.last.url.raw_path == b"/v3/files"
        assert read_form(fusioo.last.headers["content-type"], fusioo.last.content) == [
            Part("file", "a.txt", "text/plain", b"content")
        ]
        assert fusioo.last.headers["content-length"] == str(len(fusioo.last.content))
        await client.files.create(
            pieces(b"con", b"tent"), name="b", content_type="text/x", record_id="i1", field_id="a file"
        )
        assert fusioo.last.url.raw_path == b"/v3/files?recordId=i1&fieldId=a%20file"
        assert fusioo.last.headers["transfer-encoding"] == "chunked"
        assert "content-length" not in fusioo.last.headers


@pytest.mark.parametrize("place", [{"record_id": "i1"}, {"field_id": "file"}])
async def test_half_a_place_is_refused(place: dict[str, str]) -> None:
    fusioo = Recorder(enveloped({"id": "if330"}))
    async with client_over(fusioo) as client:
        with pytest.raises(ValueError, match="both record_id and field_id"):
            await client.files.create(b"content", name="a.txt", **place)  # type: ignore[arg-type]
    assert fusioo.requests == []


@pytest.mark.parametrize("within", [0.0, -1.0, float("inf")])
async def test_a_file_needs_a_time_limit(within: float) -> None:
    async with client_over(Recorder(enveloped({"id": "if330"}))) as client:
        with pytest.raises(ValueError, match="time limit"):
            await client.files.create(b"content", name="a.txt", within=within)
