"""Where requests carry their secret: what counts as a guess at it."""

import base64

import pytest

from service.pipeline.senders import in_header, in_header_or_authorization

HEADER = b"x-relay-secret"


def basic(text: bytes) -> bytes:
    return b"Basic " + base64.b64encode(text)


@pytest.mark.parametrize(
    ("headers", "guesses"),
    [
        ([], []),
        ([(b"x-other", b"sesame")], []),
        ([(HEADER, b"sesame")], [b"sesame"]),
        ([(HEADER, b"sesame"), (HEADER, b"open")], [b"sesame", b"open"]),
        ([(b"authorization", b"Bearer sesame")], [b"sesame"]),
        ([(b"authorization", b"bearer  sesame ")], [b"sesame"]),
        ([(b"authorization", basic(b"anyone:sesame"))], [b"sesame"]),
        ([(b"authorization", basic(b":sesame"))], [b"sesame"]),
        ([(b"authorization", basic(b"anyone:ses:ame"))], [b"ses:ame"]),
        ([(b"authorization", basic(b"sesame"))], [b""]),
        ([(b"authorization", b"Basic sesame!")], [b""]),
        ([(b"authorization", b"Basic")], [b""]),
        ([(b"authorization", b"Bearer")], [b""]),
        ([(b"authorization", b"Digest sesame")], [b"Digest sesame"]),
        ([(HEADER, b"sesame"), (b"authorization", b"Bearer open")], [b"sesame", b"open"]),
        ([(b"authorization", b"Bearer a"), (b"authorization", b"Bearer b")], [b"a", b"b"]),
    ],
)
def test_onspring_may_prove_itself_by_a_header_or_by_authorization(
    headers: list[tuple[bytes, bytes]], guesses: list[bytes]
) -> None:
    assert in_header_or_authorization(headers, HEADER) == guesses


def test_a_header_of_ones_own_called_authorization_is_one_guess() -> None:
    assert in_header_or_authorization([(b"authorization", b"sesame")], b"authorization") == [b"sesame"]


def test_fusioo_proves_itself_by_its_header_alone() -> None:
    assert in_header([(b"authorization", b"Bearer sesame"), (HEADER, b"open")], HEADER) == [b"open"]
