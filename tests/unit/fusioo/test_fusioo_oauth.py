"""What is sent to the token endpoint, and what its answers mean."""

import json
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from service.errors import AccountRefusedError, Disposition
from service.fusioo.errors import FusiooError, UnreadableAnswerError
from service.fusioo.errors.oauth import (
    ApplicationRefusedError,
    GrantRefusedError,
    TokenRefusedError,
    TokenUnavailableError,
)
from service.fusioo.oauth import Application, CredentialsIn, Tokens, build_token_request, read_tokens
from service.transport.messages import Response
from tests.fixtures.token_endpoint import BY_ITSELF, BY_REFRESH, CLIENT_SECRET, FIRST_REFRESH, TOKEN_URL

ODD = Application("näm e", SecretStr("s:e&c=r"), TOKEN_URL)


def form_of(application: Application, refresh: str | None = None) -> dict[str, str]:
    request = build_token_request(application, SecretStr(refresh) if refresh else None)
    assert (request.method, request.url) == ("POST", TOKEN_URL)
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert isinstance(request.body, bytes)
    return dict(parse_qsl(request.body.decode()))


def test_an_application_shows_its_own_credentials() -> None:
    form = {"grant_type": "client_credentials", "client_id": "app", "client_secret": CLIENT_SECRET}
    assert form_of(BY_ITSELF) == form


def test_a_refresh_shows_the_newest_refresh_token() -> None:
    form = form_of(BY_REFRESH, "a-newer+one")
    assert form["grant_type"] == "refresh_token"
    assert form["refresh_token"] == "a-newer+one"
    assert form["client_secret"] == CLIENT_SECRET


def test_odd_credentials_arrive_as_they_are() -> None:
    form = form_of(ODD)
    assert (form["client_id"], form["client_secret"]) == ("näm e", "s:e&c=r")


def test_credentials_can_go_into_the_header() -> None:
    in_header = replace(ODD, credentials_in=CredentialsIn.HEADER)
    assert form_of(in_header) == {"grant_type": "client_credentials"}
    # RFC 6749, 2.3.1: each part is form-encoded first.
    assert build_token_request(in_header, None).headers["Authorization"] == (
        "Basic biVDMyVBNG0rZTpzJTNBZSUyNmMlM0Ry"
    )


@pytest.mark.parametrize(
    ("told", "tokens"),
    [
        ({"access_token": "a"}, ("a", None, None)),
        (
            {"access_token": "a", "token_type": "Bearer", "expires_in": 3600, "refresh_token": "r"},
            ("a", "r", 3600),
        ),
        ({"access_token": "a", "expires_in": "86400"}, ("a", None, 86400)),
        ({"access_token": "a", "expires_in": "soon"}, ("a", None, None)),
        ({"access_token": "a", "expires_in": -1, "refresh_token": ""}, ("a", None, None)),
        ({"access_token": "a", "expires_in": 1e400, "refresh_token": 7}, ("a", None, None)),
        ({"access_token": "a", "expires_in": True}, ("a", None, None)),
        ({"access_token": "a", "expires_in": 10**12}, ("a", None, 100 * 365 * 86_400)),
        ({"code": 10000, "message": "Success", "data": {"access_token": "a"}}, ("a", None, None)),
    ],
)
def test_tokens_are_read(told: Any, tokens: tuple[str, str | None, float | None]) -> None:
    access, refresh, lifetime = tokens
    read = read_tokens(Response(200, {}, json.dumps(told).encode()))
    assert read == Tokens(SecretStr(access), SecretStr(refresh) if refresh else None, lifetime)
    assert "'a'" not in repr(read)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"null",
        b"{}",
        b'{"access_token": ""}',
        b'{"access_token": 1}',
        b'{"access_token": "a b"}',
        b'{"access_token": "a", "token_type": "mac"}',
        b'{"access_token": "a"',
        b'{"data": []}',
    ],
)
def test_an_answer_without_a_token_is_one_that_got_lost(body: bytes) -> None:
    with pytest.raises(UnreadableAnswerError):
        read_tokens(Response(200, {}, body))


@pytest.mark.parametrize(
    ("status", "told", "error", "pause"),
    [
        (400, {"error": "invalid_grant"}, GrantRefusedError, 3600),
        (401, {"error": "invalid_grant"}, GrantRefusedError, 3600),
        (200, {"error": "invalid_grant"}, GrantRefusedError, 3600),
        (401, {"error": "invalid_client"}, ApplicationRefusedError, 300),
        (400, {"error": "unauthorized_client"}, ApplicationRefusedError, 300),
        (400, {"error": "unsupported_grant_type"}, TokenRefusedError, 300),
        (400, {"error": ["invalid_grant"]}, TokenRefusedError, 300),
        (400, "nonsense", TokenRefusedError, 300),
        (404, None, TokenRefusedError, 300),
        (302, None, TokenRefusedError, 300),
    ],
)
def test_a_refusal_halts_the_account(
    status: int, told: Any, error: type[TokenRefusedError], pause: float
) -> None:
    with pytest.raises(AccountRefusedError) as caught:
        read_tokens(Response(status, {}, json.dumps(told).encode()))
    assert type(caught.value) is error
    assert caught.value.disposition is Disposition.HALT
    assert caught.value.pause == pause


@pytest.mark.parametrize(
    ("status", "told"),
    [(503, None), (500, {"error": "invalid_grant"}), (429, {}), (400, {"error": "temporarily_unavailable"})],
)
def test_a_token_endpoint_in_trouble_is_asked_again_later(status: int, told: Any) -> None:
    with pytest.raises(TokenUnavailableError) as caught:
        read_tokens(Response(status, {"retry-after": "7"}, json.dumps(told).encode()))
    assert caught.value.disposition is Disposition.DEFER
    assert caught.value.retry_after == 7


def test_what_the_endpoint_says_of_secrets_is_not_repeated() -> None:
    told = {"error": "invalid_grant", "error_description": f"{CLIENT_SECRET} and {FIRST_REFRESH} are wrong"}
    with pytest.raises(GrantRefusedError) as caught:
        read_tokens(Response(400, {}, json.dumps(told).encode()))
    with pytest.raises(TokenRefusedError) as strange:
        read_tokens(Response(400, {}, json.dumps({"error": CLIENT_SECRET}).encode()))
    for secret in (CLIENT_SECRET, FIRST_REFRESH):
        assert secret not in f"{caught.value!r} {caught.value} {strange.value!r} {vars(caught.value)}"


@pytest.mark.parametrize("application", [BY_ITSELF, BY_REFRESH])
def test_an_application_shows_no_secret(application: Application) -> None:
    shown = f"{application!r} {build_token_request(application, application.refresh_token)!r}"
    assert CLIENT_SECRET not in shown
    assert FIRST_REFRESH not in shown


def test_tokens_belong_to_the_settings_that_they_came_from() -> None:
    assert BY_REFRESH.origin == replace(BY_REFRESH, client_secret=SecretStr("another")).origin
    others = [
        BY_ITSELF,
        replace(BY_REFRESH, client_id="other"),
        replace(BY_REFRESH, token_url=f"{TOKEN_URL}/2"),
        replace(BY_REFRESH, refresh_token=SecretStr("a-new-first-one")),
    ]
    assert len({BY_REFRESH.origin, *(other.origin for other in others)}) == 5


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.sampled_from(["access_token", "refresh_token", "token_type", "expires_in", "data", "error"]),
            inner,
        )
    ),
)


@given(st.integers(200, 599), _JSON.map(lambda told: json.dumps(told).encode()) | st.binary())
def test_whatever_is_answered_means_something(status: int, body: bytes) -> None:
    try:
        tokens = read_tokens(Response(status, {}, body))
    except FusiooError:
        return
    assert tokens.access.get_secret_value()
    assert tokens.lifetime is None or tokens.lifetime > 0
