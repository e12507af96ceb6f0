"""The options of handler kind `http`, and that nothing secret shows."""

import base64
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from service.handlers.builtin.http_options import HttpOptions, signing_key

URL = "https://ops.example.com/hook"


def options(**given: Any) -> HttpOptions:
    return HttpOptions.model_validate({"url": URL, **given})


@pytest.mark.parametrize("url", [URL, "http://localhost:8080", "https://[2606:4700::1]:8443/a?b=c"])
def test_web_addresses_are_taken(url: str) -> None:
    assert options(url=url).url == url


@pytest.mark.parametrize(
    "url",
    [
        "ftp://ops.example.com",
        "ops.example.com/hook",
        "https://",
        "https://user:pa55word@ops.example.com",
        "https://ops.example.com:port/",
        "https://[::1/",
        "https://ops.example.com/a b",
        "https://ops.example.com/a\r\nx: y",
        "https://ops.example.com/" + "a" * 8000,
        "",
        7,
    ],
)
def test_what_is_no_web_address_is_refused_without_repeating_it(url: object) -> None:
    with pytest.raises(ValidationError) as caught:
        options(url=url)
    assert "pa55word" not in str(caught.value)


@pytest.mark.parametrize(
    ("secret", "key"),
    [
        ("plain text", b"plain text"),
        ("whsec_" + base64.b64encode(b"k" * 24).decode(), b"k" * 24),
        ("whsec_" + base64.b64encode(b"k" * 25).decode().rstrip("="), b"k" * 25),
    ],
)
def test_a_secret_is_base64_behind_its_prefix_and_else_text(secret: str, key: bytes) -> None:
    made = options(secret=secret).secret
    assert made is not None
    assert signing_key(made) == key


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_not*base64"])
def test_a_secret_that_signs_nothing_is_refused_without_repeating_it(secret: str) -> None:
    with pytest.raises(ValidationError) as caught:
        options(secret=secret)
    assert "not*base64" not in str(caught.value)


@pytest.mark.parametrize(
    "name", ["Host", "content-type", "Content-Length", "Webhook-Signature", "webhook-x", "a b", "a\r\nb", ""]
)
def test_headers_of_our_own_and_headers_that_are_none_are_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        options(headers={name: "value"})


@pytest.mark.parametrize("value", ["t0ken\r\nx: y", "t0ken\x00", "t0kenü"])
def test_a_header_that_can_not_be_sent_is_refused_without_repeating_it(value: str) -> None:
    with pytest.raises(ValidationError) as caught:
        options(headers={"Authorization": value})
    assert "t0ken" not in str(caught.value)


@pytest.mark.parametrize("given", [{"method": "HEAD"}, {"allow_private": "perhaps"}, {"timeout": "5s"}])
def test_other_options_are_strict(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        options(**given)


def test_a_repr_shows_no_secret() -> None:
    made = options(url=f"{URL}?key=k3y", secret="s3cret", headers={"Authorization": "Bearer t0ken"})
    assert not any(text in repr(made) for text in ("k3y", "s3cret", "t0ken"))


def test_everything_secret_is_known_also_in_parts() -> None:
    made = options(url=f"{URL}?key=k3y", secret="whsec_c2VjcmV0", headers={"Authorization": "Bearer t0ken"})
    assert {"whsec_c2VjcmV0", "c2VjcmV0", "Bearer t0ken", "t0ken", "key=k3y"} <= set(made.secrets())


def test_signing_needs_no_prefix_to_be_present() -> None:
    assert signing_key(SecretStr("whsec")) == b"whsec"
