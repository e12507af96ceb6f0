"""Who carries the admin token."""

import pytest
from pydantic import SecretStr

from service.web.access import AdminToken

TOKEN = AdminToken(SecretStr("sesame"))


@pytest.mark.parametrize("value", [b"Bearer sesame", b"bearer sesame", b"BEARER  sesame "])
def test_the_token_admits(value: bytes) -> None:
    assert TOKEN.admits([(b"host", b"relay"), (b"authorization", value)])


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"Bearer",
        b"Bearer ",
        b"Bearer sesam",
        b"Bearer sesamee",
        b"Basic sesame",
        b"sesame",
        b"Bearer \xff",
    ],
)
def test_anything_else_does_not(value: bytes) -> None:
    assert not TOKEN.admits([(b"authorization", value)])


def test_no_header_and_several_do_not() -> None:
    right, wrong = (b"authorization", b"Bearer sesame"), (b"authorization", b"Bearer x")
    assert not TOKEN.admits([])
    assert not TOKEN.admits([(b"x-authorization", b"Bearer sesame")])
    assert not TOKEN.admits([wrong, right])


@pytest.mark.parametrize("token", [None, SecretStr("")])
@pytest.mark.parametrize("value", [b"Bearer ", b"Bearer", b"Bearer None"])
def test_without_a_token_nobody_is_admitted(token: SecretStr | None, value: bytes) -> None:
    unset = AdminToken(token)
    assert not unset.is_set
    assert not unset.admits([(b"authorization", value)])


def test_it_does_not_show_itself() -> None:
    assert "sesame" not in repr(TOKEN)
