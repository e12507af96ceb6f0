"""`oauth` of an account: which settings go together, and what is said where they don't."""

import pytest

from service.rules.loader import parse
from tests.fixtures.relay_yaml import problems_of

ENV = {"ID": "an-id", "SECRET": "a-secret", "REFRESH": "a-refresh-token"}


def account(oauth: str, *, provider: str = "fusioo", more: str = "") -> str:
    return f"version: 1\naccounts:\n  main: {{provider: {provider}, oauth: {{{oauth}}}{more}}}\n"


CREDENTIALS = 'client_id: "${ID}", client_secret: "${SECRET}"'


def test_an_application_by_itself_is_the_default() -> None:
    oauth = parse(account(CREDENTIALS), "relay.yaml", ENV).accounts["main"].oauth
    assert oauth is not None
    assert (oauth.grant, oauth.refresh_token, oauth.credentials_in) == ("client_credentials", None, "body")
    assert oauth.token_url == "https://connect.fusioo.com/oauth/token"


def test_a_refresh_token_goes_with_its_grant() -> None:
    text = account(f'{CREDENTIALS}, grant: refresh_token, refresh_token: "${{REFRESH}}"')
    configuration = parse(text, "relay.yaml", ENV)
    oauth = configuration.accounts["main"].oauth
    assert oauth is not None
    assert oauth.refresh_token is not None
    assert oauth.refresh_token.get_secret_value() == "a-refresh-token"
    for secret in ("a-secret", "a-refresh-token"):
        assert secret not in repr(configuration)


LATER = "comes in a later version; use client_credentials, or refresh_token, or a `token`"
WRITTEN_OUT = (
    "is written out, and secrets never stand in the file (write a variable, like"
    ' "${MAIN_REFRESH_TOKEN}", and set it in the environment)'
)


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ("grant: authorization_code", f"3:91: authorization_code {LATER}"),
        ("grant: password", f"3:91: password {LATER}"),
        (
            "grant: refresh_token",
            "3:28: `oauth` needs `refresh_token`, the first one, for the grant refresh_token",
        ),
        (
            'refresh_token: "${REFRESH}"',
            "3:28: `oauth` has a `refresh_token`, which only the grant refresh_token uses",
        ),
        ("grant: refresh_token, refresh_token: r", f"3:121: `refresh_token` {WRITTEN_OUT}"),
    ],
)
def test_what_does_not_go_together_is_told_with_its_place(more: str, problem: str) -> None:
    assert problems_of(account(f"{CREDENTIALS}, {more}"), ENV) == [f"relay.yaml:{problem}"]


def test_an_unknown_grant_is_told_with_those_there_are() -> None:
    (problem,) = problems_of(account(f"{CREDENTIALS}, grant: magic"), ENV)
    assert "`grant` should be 'client_credentials' or 'refresh_token'" in problem


def test_onspring_has_no_oauth() -> None:
    text = account(CREDENTIALS, provider="onspring", more=', base_url: "https://api.example.com"')
    (problem,) = problems_of(text, ENV)
    assert problem.endswith("`main` needs a `token`: Onspring knows no `oauth`")
