"""The name of a file, out of a header that somebody else wrote."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.transport.naming import name_in


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('attachment; filename="image.png"', "image.png"),
        ("attachment; filename=image.png", "image.png"),
        ('inline; filename="two words.pdf"', "two words.pdf"),
        ("attachment; filename*=UTF-8''Gr%C3%BCn%20%26%20gro%C3%9F.txt", "Grün & groß.txt"),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        (r'attachment; filename="C:\\files\\a.png"', "a.png"),
        ("attachment; filename*=UTF-8''..%2F..%2Fpasswd", "passwd"),
        ('attachment; filename="a\x00\x1fb.txt"', "ab.txt"),
        ('attachment; filename="' + "x" * 300 + '"', "x" * 255),
        ('attachment; filename=".."', None),
        ('attachment; filename="a/"', None),
        ('attachment; filename=""', None),
        ("attachment; filename*=no-such-encoding''a.txt", "a.txt"),
        ('attachment; filename="\ud800"', None),
        ("attachment", None),
        ("", None),
    ],
)
def test_names(header: str, expected: str | None) -> None:
    assert name_in(header) == expected


@given(st.text() | st.text().map("attachment; filename={}".format))
def test_any_header_gives_a_usable_name_or_none(header: str) -> None:
    name = name_in(header)
    assert name is None or (name.isprintable() and "/" not in name and name.strip(".") and len(name) <= 255)
