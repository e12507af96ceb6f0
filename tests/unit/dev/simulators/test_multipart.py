from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.dev.simulators.multipart import MultipartReader, PartBegins, PartData

_BOUNDARY = "b0"
_HEADER = f"multipart/form-data; boundary={_BOUNDARY}"
# Contents made of what a delimiter is made of.
_CONTENT = st.lists(st.sampled_from([b"\r", b"\n", b"-", b"--", b"b0", b"b", b"--b", b"x"])).map(b"".join)


def _form(contents: list[bytes]) -> bytes:
    parts = [
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="n{number}"; filename="f.txt"\r\n'
        f"Content-Type: text/plain\r\n\r\n".encode()
        + content
        + b"\r\n"
        for number, content in enumerate(contents)
    ]
    return b"".join(parts) + f"--{_BOUNDARY}--\r\n".encode()


def _read(pieces: list[bytes], header: str = _HEADER) -> list[tuple[str, bytes]]:
    reader = MultipartReader(header)
    parts: list[tuple[str, bytes]] = []
    for piece in pieces:
        for event in reader.feed(piece):
            match event:
                case PartBegins():
                    assert (event.filename, event.content_type) == ("f.txt", "text/plain")
                    parts.append((event.name, b""))
                case PartData():
                    parts[-1] = (parts[-1][0], parts[-1][1] + event.content)
    reader.close()
    return parts


def _pieces(body: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({0, len(body), *(cut % (len(body) + 1) for cut in cuts)})
    return [body[start:end] for start, end in pairwise(places)]


@given(contents=st.lists(_CONTENT, min_size=1, max_size=4), cuts=st.lists(st.integers(0, 10_000), max_size=9))
def test_however_it_is_cut_the_parts_come_whole(contents: list[bytes], cuts: list[int]) -> None:
    whole = [content for content in contents if b"\r\n--b0" not in b"\r\n" + content]
    body = _form(whole) if whole else _form([b""])
    expected = [(f"n{number}", content) for number, content in enumerate(whole or [b""])]
    assert _read(_pieces(body, cuts)) == expected
    assert _read([body[place : place + 1] for place in range(len(body))]) == expected


def test_a_part_may_be_empty_and_names_may_be_in_any_letters() -> None:
    body = '--b0\r\nContent-Disposition: form-data; name="file"; filename="ă.txt"\r\n\r\n\r\n--b0--'.encode()
    reader = MultipartReader(_HEADER)
    assert list(reader.feed(body)) == [PartBegins("file", "ă.txt", "text/plain")]
    reader.close()


def test_little_is_kept_of_a_big_part() -> None:
    reader = MultipartReader(_HEADER)
    head = b'--b0\r\nContent-Disposition: form-data; name="file"\r\n\r\n'
    given_out = sum(
        len(event.content)
        for piece in [head, *[b"x" * 1000] * 50]
        for event in reader.feed(piece)
        if isinstance(event, PartData)
    )
    assert given_out > 50_000 - 100


@pytest.mark.parametrize(
    "header", ["", "application/json", "multipart/form-data", "multipart/mixed; boundary=b0"]
)
def test_the_header_must_name_a_boundary(header: str) -> None:
    with pytest.raises(ValueError, match="multipart"):
        MultipartReader(header)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        _form([b"x"])[:-6],
        b"--b0\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b0--",
        b"--b0oops\r\n",
        b"--b0\r\n" + b"X-Long: " + b"x" * 20_000,
    ],
)
def test_what_is_not_multipart_or_cut_short_is_an_error(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"cut short|no name|boundary|too long"):
        _read([body])
