"""A file as a form, piece by piece."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.transport.errors import UnsendableRequestError
from service.transport.uploads import Content, Upload
from tests.fixtures.multipart import Part, read_form


async def arriving(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def body_of(upload: Upload) -> bytes:
    return b"".join([piece async for piece in upload])


async def test_bytes_become_the_one_part_of_a_form() -> None:
    upload = await Upload.of(b"\x89PNG\r\n", name="image.png")
    body = await body_of(upload)
    assert read_form(upload.content_type, body) == [Part("file", "image.png", "image/png", b"\x89PNG\r\n")]
    assert upload.length == len(body)


async def test_a_path_tells_name_and_size_and_is_read_in_pieces(tmp_path: Path) -> None:
    path = tmp_path / "big.bin"
    path.write_bytes(b"0123456789" * 100_000)
    upload = await Upload.of(path)
    pieces = [piece async for piece in upload]
    assert max(len(piece) for piece in pieces) <= 256 * 1024
    assert upload.length == sum(len(piece) for piece in pieces)
    (part,) = read_form(upload.content_type, b"".join(pieces))
    assert (part.name, part.content_type, part.content) == (
        "big.bin",
        "application/octet-stream",
        b"0123456789" * 100_000,
    )


async def test_a_stream_has_no_length_unless_it_is_told() -> None:
    upload = await Upload.of(arriving(b"a", b"", b"b"), name="a.txt")
    assert upload.length is None
    body = await body_of(upload)
    assert read_form(upload.content_type, body)[0].content == b"ab"
    told = await Upload.of(arriving(b"ab"), name="a.txt", size=2)
    assert told.length == len(body)


@pytest.mark.parametrize(
    ("content", "replayable"), [(b"a", True), (Path(__file__), True), (arriving(), False)]
)
async def test_only_a_stream_can_be_sent_but_once(content: Content, replayable: bool) -> None:
    upload = await Upload.of(content, name="a.txt")
    assert upload.replayable is replayable
    if replayable:
        assert await body_of(upload) == await body_of(upload)


@pytest.mark.parametrize(("size", "said"), [(3, "4 of the 5|more than the 3"), (5, "has 4 of the 5 bytes")])
async def test_content_of_another_size_is_not_sent_whole(size: int, said: str) -> None:
    upload = await Upload.of(arriving(b"ab", b"cd"), name="a.txt", size=size)
    with pytest.raises(UnsendableRequestError, match=said) as caught:
        await body_of(upload)
    assert not caught.value.may_have_acted


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60))
async def test_no_name_breaks_out_of_its_header(name: str) -> None:
    upload = await Upload.of(b"content", name=name, content_type="text/plain", boundary="b")
    body = await body_of(upload)
    head, _, rest = body.partition(b"\r\n\r\n")
    disposition, form = head.split(b"\r\n")[1:]
    assert disposition.startswith(b'Content-Disposition: form-data; name="file"; filename="')
    assert disposition.count(b'"') == 4
    assert form == b"Content-Type: text/plain"
    assert rest == b"content\r\n--b--\r\n"


@pytest.mark.parametrize(
    ("name", "content_type"), [(None, None), ("", None), ("a", "text/plain\r\nX: y"), ("a", "täxt/plain")]
)
async def test_a_nameless_file_and_a_broken_type_are_refused(
    name: str | None, content_type: str | None
) -> None:
    with pytest.raises(ValueError, match="a file needs a name"):
        await Upload.of(b"content", name=name, content_type=content_type)


async def test_a_path_that_is_not_there_is_told_before_anything_is_sent(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        await Upload.of(tmp_path / "nothing")


async def test_a_file_that_was_not_read_to_its_end_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "big.bin"
    path.write_bytes(bytes(1_000_000))
    upload = await Upload.of(path)
    body = aiter(upload)
    await anext(body)
    await anext(body)
    upload.close()
    with pytest.raises(ValueError, match="closed file"):
        await anext(body)
    assert len(await body_of(upload)) == upload.length


async def test_values_come_before_the_file() -> None:
    values = {"RecordId": "140", "Notes": 'two\r\nlines, "quoted", ünïcode'}
    upload = await Upload.of(b"content", name="a.txt", part="File", values=values)
    body = await body_of(upload)
    assert upload.length == len(body)
    record, notes, file = read_form(upload.content_type, body)
    assert (record.field, record.content) == ("RecordId", b"140")
    assert (notes.field, notes.content.decode()) == ("Notes", values["Notes"])
    assert file == Part("File", "a.txt", "text/plain", b"content")
