"""The simulated token endpoint gives and refuses tokens as the standard says."""

from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest

from service.dev.simulators.fusioo.access import User
from service.dev.simulators.fusioo.oauth import OAuthDesk, RefusedGrantError

JOHN = User("John Doe")
CREDENTIALS = {"client_id": "app", "client_secret": "s3cret"}
BY_ITSELF = {"grant_type": "client_credentials", **CREDENTIALS}


class Clock:
    """The time of day, moved by a test."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 5, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def desk(clock: Clock) -> OAuthDesk:
    made = OAuthDesk(clock, seed=0)
    made.register("app", "s3cret", JOHN)
    return made


def by_refresh(token: str) -> dict[str, str]:
    return {"grant_type": "refresh_token", "refresh_token": token, **CREDENTIALS}


def test_a_token_is_a_persons_for_an_hour(desk: OAuthDesk, clock: Clock) -> None:
    given = desk.give(BY_ITSELF, None)
    assert given.keys() == {"access_token", "token_type", "expires_in"}
    assert len(given["access_token"]) > 1000
    assert desk.user_of(given["access_token"]) is JOHN
    clock.now += timedelta(seconds=given["expires_in"])
    assert desk.user_of(given["access_token"]) is None
    assert desk.user_of("another") is None


def test_the_same_seed_gives_the_same_tokens(desk: OAuthDesk, clock: Clock) -> None:
    twin = OAuthDesk(clock, seed=0)
    twin.register("app", "s3cret", JOHN)
    assert twin.give(BY_ITSELF, None) == desk.give(BY_ITSELF, None)


def test_a_refresh_replaces_its_token(desk: OAuthDesk) -> None:
    first = desk.authorise("app")
    second = desk.give(by_refresh(first), None)["refresh_token"]
    with pytest.raises(RefusedGrantError, match="invalid_grant"):
        desk.give(by_refresh(first), None)
    assert desk.give(by_refresh(second), None)["refresh_token"] not in {first, second}


def test_a_replaced_token_may_work_for_a_while(desk: OAuthDesk, clock: Clock) -> None:
    desk.settings.grace = timedelta(seconds=30)
    first = desk.authorise("app")
    desk.give(by_refresh(first), None)
    clock.now += timedelta(seconds=29)
    desk.give(by_refresh(first), None)
    clock.now += timedelta(seconds=1)
    with pytest.raises(RefusedGrantError, match="invalid_grant"):
        desk.give(by_refresh(first), None)


def test_a_refresh_token_may_stay(desk: OAuthDesk) -> None:
    desk.settings.rotates = False
    first = desk.authorise("app")
    for _ in range(2):
        assert "refresh_token" not in desk.give(by_refresh(first), None)


def test_a_lifetime_may_go_untold(desk: OAuthDesk) -> None:
    desk.settings.tells_lifetime = False
    assert "expires_in" not in desk.give(BY_ITSELF, None)


def test_tokens_end_when_a_test_says_so(desk: OAuthDesk) -> None:
    access, refresh = desk.give(BY_ITSELF, None)["access_token"], desk.authorise("app")
    desk.expire()
    assert desk.user_of(access) is None
    desk.give(by_refresh(refresh), None)
    desk.revoke("app")
    with pytest.raises(RefusedGrantError, match="invalid_grant"):
        desk.give(by_refresh(refresh), None)


@pytest.mark.parametrize(
    ("form", "code", "status"),
    [
        ({**BY_ITSELF, "client_secret": "wrong"}, "invalid_client", 401),
        ({**BY_ITSELF, "client_id": "unknown"}, "invalid_client", 401),
        ({**CREDENTIALS, "grant_type": "password"}, "unsupported_grant_type", 400),
        (CREDENTIALS, "invalid_request", 400),
        (by_refresh("unknown"), "invalid_grant", 400),
        ({**CREDENTIALS, "grant_type": "refresh_token"}, "invalid_grant", 400),
    ],
)
def test_refusals_have_the_codes_of_the_standard(
    desk: OAuthDesk, form: dict[str, str], code: str, status: int
) -> None:
    with pytest.raises(RefusedGrantError) as caught:
        desk.give(form, None)
    assert (caught.value.code, caught.value.status) == (code, status)


def test_an_application_may_lack_a_grant(desk: OAuthDesk) -> None:
    desk.register("app", "s3cret", JOHN, grants=frozenset({"refresh_token"}))
    with pytest.raises(RefusedGrantError, match="unauthorized_client"):
        desk.give(BY_ITSELF, None)


def test_a_refresh_token_is_one_applications(desk: OAuthDesk) -> None:
    desk.register("other", "s3cret", JOHN)
    with pytest.raises(RefusedGrantError, match="invalid_grant"):
        desk.give({**by_refresh(desk.authorise("app")), "client_id": "other"}, None)


@pytest.mark.parametrize(("wanted", "body", "header"), [("body", 1, 0), ("header", 0, 1), ("either", 1, 1)])
def test_credentials_are_taken_where_they_are_wanted(
    desk: OAuthDesk, wanted: Literal["body", "header", "either"], body: bool, header: bool
) -> None:
    desk.settings.credentials_in = wanted
    shown = [(BY_ITSELF, None, body), ({"grant_type": "client_credentials"}, ("app", "s3cret"), header)]
    for form, basic, accepted in shown:
        if accepted:
            assert desk.give(form, basic)["access_token"]
        else:
            with pytest.raises(RefusedGrantError, match="invalid_client"):
                desk.give(form, basic)
