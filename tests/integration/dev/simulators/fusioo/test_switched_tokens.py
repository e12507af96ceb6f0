"""What the simulator's token endpoint does, with each of its switches turned."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from service.dev.simulators.fusioo.access import User
from service.dev.simulators.fusioo.example_apps import example_state
from tests.fixtures.simulator import TOKEN, RunningSimulator, running_simulator
from tests.fixtures.switching import turn

_ID, _SECRET = "an-application", "its-secret"
_IN_BODY = {"client_id": _ID, "client_secret": _SECRET}


class _Clock:
    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> _Clock:
    return _Clock()


@pytest.fixture
async def provider(clock: _Clock) -> AsyncIterator[RunningSimulator]:
    state = example_state(token=TOKEN, clock=clock)
    state.oauth.register(_ID, _SECRET, User("John Doe"))
    async with running_simulator(state) as simulator:
        yield simulator


@pytest.fixture
async def api(provider: RunningSimulator) -> AsyncIterator[httpx2.AsyncClient]:
    async with provider.client() as client:
        yield client


async def _ask(api: httpx2.AsyncClient, **form: str) -> httpx2.Response:
    return await api.post("/oauth/token", data={**_IN_BODY, **form})


async def _given(api: httpx2.AsyncClient, **form: str) -> dict[str, Any]:
    answer = await _ask(api, **form)
    assert answer.status_code == 200, answer.text
    given: dict[str, Any] = answer.json()
    return given


async def test_a_token_lasts_as_long_as_it_is_set_to(
    provider: RunningSimulator, api: httpx2.AsyncClient, clock: _Clock
) -> None:
    await turn(api, oauth__lifetime="10m")
    given = await _given(api, grant_type="client_credentials")
    assert given["expires_in"] == 600
    async with provider.client(token=given["access_token"]) as holder:
        assert (await holder.get("/v3/ping")).status_code == 200
        clock.now += timedelta(minutes=10)
        assert (await holder.get("/v3/ping")).json()["code"] == 10003
    await turn(api, oauth__tells_lifetime=False)
    assert "expires_in" not in await _given(api, grant_type="client_credentials")


async def test_refresh_tokens_rotate_or_not(
    provider: RunningSimulator, api: httpx2.AsyncClient, clock: _Clock
) -> None:
    first = provider.state.oauth.authorise(_ID)
    await turn(api, oauth__rotates=False)
    for _ in range(2):
        assert "refresh_token" not in await _given(api, grant_type="refresh_token", refresh_token=first)
    await turn(api, oauth__rotates=True, oauth__grace="1m")
    second = (await _given(api, grant_type="refresh_token", refresh_token=first))["refresh_token"]
    assert second != first
    clock.now += timedelta(seconds=59)
    await _given(api, grant_type="refresh_token", refresh_token=first)
    clock.now += timedelta(seconds=1)
    refused = await _ask(api, grant_type="refresh_token", refresh_token=first)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
    await _given(api, grant_type="refresh_token", refresh_token=second)


@pytest.mark.parametrize(
    ("place", "body", "header"), [("either", 200, 200), ("body", 200, 401), ("header", 401, 200)]
)
async def test_credentials_are_read_where_they_are_set_to_be(
    provider: RunningSimulator, api: httpx2.AsyncClient, place: str, body: int, header: int
) -> None:
    await turn(api, oauth__credentials_in=place)
    form = {"grant_type": "client_credentials"}
    assert (await _ask(api, **form)).status_code == body
    async with httpx2.AsyncClient(base_url=provider.origin, trust_env=False) as anybody:
        shown = await anybody.post("/oauth/token", data=form, auth=(_ID, _SECRET))
        assert shown.status_code == header
