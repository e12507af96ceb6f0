"""Tokens that expire are there when they are needed, and fetched no more often than that."""

import asyncio
import logging

import httpx2
import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from service.fusioo.errors.oauth import (
    ApplicationRefusedError,
    GrantRefusedError,
    TokenRefusedError,
    TokenUnavailableError,
)
from service.fusioo.refreshing import OAuthToken
from service.fusioo.tokens import Failure, MemoryTokens
from tests.fixtures.token_endpoint import (
    BY_ITSELF,
    BY_REFRESH,
    CLIENT_SECRET,
    FIRST_REFRESH,
    MovedClock,
    TokenEndpoint,
)


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
def endpoint() -> TokenEndpoint:
    return TokenEndpoint()


async def shown(token: OAuthToken) -> str:
    return (await token.headers())["Authorization"].removeprefix("Bearer ")


async def test_a_token_is_fetched_once_and_used_for_most_of_its_life(
    endpoint: TokenEndpoint, clock: MovedClock
) -> None:
    token = endpoint.token(clock=clock)
    assert await shown(token) == "access-1"
    clock.now += 3299
    assert await shown(token) == "access-1"
    clock.now += 2
    assert await shown(token) == "access-2", "five minutes before its end"
    assert len(endpoint.forms) == 2


async def test_short_lives_are_used_for_nine_tenths(endpoint: TokenEndpoint, clock: MovedClock) -> None:
    endpoint.lifetime = 60.0
    token = endpoint.token(clock=clock)
    await token.headers()
    clock.now += 53
    assert await shown(token) == "access-1"
    clock.now += 2
    assert await shown(token) == "access-2"


async def test_a_token_that_is_dead_on_arrival_is_shown_all_the_same(
    endpoint: TokenEndpoint, clock: MovedClock
) -> None:
    def slowly(request: httpx2.Request) -> httpx2.Response:
        clock.now += 5
        return endpoint(request)

    endpoint.lifetime = 1.0
    token = endpoint.token(clock=clock)
    token._http._transport = httpx2.MockTransport(slowly)
    assert await shown(token) == "access-1"
    assert await shown(token) == "access-2"
    assert len(endpoint.forms) == 2


async def test_without_a_word_on_its_life_a_token_lasts_until_it_is_refused(
    endpoint: TokenEndpoint, clock: MovedClock
) -> None:
    endpoint.lifetime = None
    token = endpoint.token(clock=clock)
    headers = await token.headers()
    clock.now += 1e9
    assert await shown(token) == "access-1"
    assert await token.refused(headers)
    assert await shown(token) == "access-2"


async def test_a_refused_token_is_replaced_only_if_age_may_be_the_reason(
    endpoint: TokenEndpoint, clock: MovedClock
) -> None:
    token = endpoint.token(clock=clock)
    headers = await token.headers()
    clock.now += 9
    assert not await token.refused(headers)
    clock.now += 2
    assert await token.refused(headers)
    assert await token.refused(headers), "there is another one already"
    assert not await token.refused(await token.headers())
    assert len(endpoint.forms) == 2


async def test_all_who_need_a_token_at_once_share_one_call(
    endpoint: TokenEndpoint, clock: MovedClock
) -> None:
    token = endpoint.token(clock=clock)
    assert set(await asyncio.gather(*(shown(token) for _ in range(20)))) == {"access-1"}
    assert len(endpoint.forms) == 1


async def test_rotated_refresh_tokens_follow_one_another(endpoint: TokenEndpoint, clock: MovedClock) -> None:
    store = MemoryTokens(BY_REFRESH, clock=clock)
    token = endpoint.token(BY_REFRESH, store, clock=clock)
    for _ in range(3):
        await token.headers()
        clock.now += 3600
    assert [form["refresh_token"] for form in endpoint.forms] == [FIRST_REFRESH, "refresh-1", "refresh-2"]
    assert store.refresh_token == SecretStr("refresh-3")


async def test_a_refresh_token_that_is_not_replaced_is_used_again(
    endpoint: TokenEndpoint, clock: MovedClock
) -> None:
    endpoint.rotates = False
    token = endpoint.token(BY_REFRESH, clock=clock)
    for _ in range(2):
        await token.headers()
        clock.now += 3600
    assert [form["refresh_token"] for form in endpoint.forms] == [FIRST_REFRESH] * 2


@pytest.mark.parametrize(
    "lost",
    [httpx2.ReadError("cut"), httpx2.ReadTimeout("slow"), httpx2.Response(200, content=b'{"access_to')],
)
async def test_a_lost_answer_is_asked_for_once_more(
    endpoint: TokenEndpoint, clock: MovedClock, lost: httpx2.Response | Exception
) -> None:
    endpoint.answers = [lost]
    assert await shown(endpoint.token(BY_REFRESH, clock=clock)) == "access-2"
    assert [form["refresh_token"] for form in endpoint.forms] == [FIRST_REFRESH] * 2


async def test_a_second_lost_answer_waits(endpoint: TokenEndpoint, clock: MovedClock) -> None:
    endpoint.answers = [httpx2.ReadError("cut"), httpx2.ReadError("cut")]
    token = endpoint.token(BY_REFRESH, clock=clock)
    with pytest.raises(TokenUnavailableError, match=r"no answer: .*broke off"):
        await token.headers()
    with pytest.raises(TokenUnavailableError) as caught:
        await token.headers()
    assert caught.value.retry_after == 1.0
    assert len(endpoint.forms) == 2
    clock.now += 1.1
    assert await shown(token) == "access-3"
    assert endpoint.forms[-1]["refresh_token"] == FIRST_REFRESH, "the old one, until a new one is kept"


async def test_pauses_grow_while_the_endpoint_is_down(endpoint: TokenEndpoint, clock: MovedClock) -> None:
    token = endpoint.token(clock=clock)
    pauses: list[float] = []
    for _ in range(11):
        endpoint.answers = [httpx2.Response(503)]
        with pytest.raises(TokenUnavailableError, match="HTTP 503") as caught:
            await token.headers()
        assert caught.value.retry_after is not None
        pauses.append(caught.value.retry_after)
        clock.now += pauses[-1]
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    assert len(endpoint.forms) == 11


async def test_the_endpoint_may_wish_for_a_longer_pause(endpoint: TokenEndpoint, clock: MovedClock) -> None:
    endpoint.answers = [httpx2.Response(429, headers={"retry-after": "90"})]
    with pytest.raises(TokenUnavailableError) as caught:
        await endpoint.token(clock=clock).headers()
    assert caught.value.retry_after == 90


async def test_a_refusal_is_remembered_and_not_asked_for_again(
    endpoint: TokenEndpoint, clock: MovedClock
) -> None:
    token = endpoint.token(BY_REFRESH, clock=clock)
    endpoint.refuse("invalid_grant")
    for _ in range(20):
        with pytest.raises(GrantRefusedError, match="authorise the application anew"):
            await token.headers()
        clock.now += 60
    assert len(endpoint.forms) == 1
    clock.now += 3600
    assert await shown(token) == "access-2"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx2.Response(401, json={"error": "invalid_client"}), ApplicationRefusedError),
        (httpx2.Response(404), TokenRefusedError),
        (httpx2.UnsupportedProtocol("no such thing"), TokenRefusedError),
    ],
)
async def test_what_others_can_mend_is_tried_every_five_minutes(
    endpoint: TokenEndpoint,
    clock: MovedClock,
    answer: httpx2.Response | Exception,
    error: type[TokenRefusedError],
) -> None:
    token = endpoint.token(clock=clock)
    endpoint.answers = [answer]
    for _ in range(2):
        with pytest.raises(TokenRefusedError) as caught:
            await token.headers()
        assert type(caught.value) is error
        clock.now += 299
    clock.now += 2
    assert await shown(token) == "access-2"


async def test_a_token_that_still_works_is_used_while_there_is_no_newer_one(
    endpoint: TokenEndpoint, clock: MovedClock
) -> None:
    token = endpoint.token(BY_REFRESH, clock=clock)
    await token.headers()
    clock.now += 3400
    endpoint.refuse("invalid_grant")
    assert await shown(token) == "access-1"
    assert await shown(token) == "access-1"
    assert len(endpoint.forms) == 2
    clock.now += 201
    with pytest.raises(GrantRefusedError):
        await token.headers()


async def test_who_waits_for_another_process_does_not_wait_for_ever(
    endpoint: TokenEndpoint, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = MemoryTokens(BY_ITSELF, clock=clock)
    held = await store.claim(0)
    assert held is not None

    async def sleep(seconds: float) -> None:
        clock.now += seconds

    monkeypatch.setattr("service.fusioo.refreshing.asyncio.sleep", sleep)
    with pytest.raises(TokenUnavailableError, match="longer than 5 s"):
        await endpoint.token(BY_ITSELF, store, clock=clock).headers()
    assert endpoint.forms == []
    await store.give_up(held, Failure("gone", 0.0))
    assert await shown(endpoint.token(BY_ITSELF, store, clock=clock)) == "access-1"


async def test_a_fetching_outlives_whoever_wanted_it(clock: MovedClock) -> None:
    arrived, go = asyncio.Event(), asyncio.Event()
    endpoint = TokenEndpoint()

    async def answer(request: httpx2.Request) -> httpx2.Response:
        arrived.set()
        await go.wait()
        return endpoint(request)

    token = endpoint.token(BY_REFRESH, clock=clock)
    token._http._transport = httpx2.MockTransport(answer)
    wanting = asyncio.ensure_future(token.headers())
    await arrived.wait()
    wanting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await wanting
    closing = asyncio.ensure_future(token.aclose())
    go.set()
    await closing
    assert await shown(token) == "access-1"
    assert len(endpoint.forms) == 1


async def test_nothing_secret_is_logged_or_shown(
    endpoint: TokenEndpoint, clock: MovedClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    token = endpoint.token(BY_REFRESH, clock=clock)
    said: list[str] = [repr(token), repr(token._store), repr(BY_REFRESH)]
    endpoint.answers = [
        httpx2.Response(500, text=f"{CLIENT_SECRET} {FIRST_REFRESH}"),
        httpx2.ReadError("cut"),
    ]
    endpoint.answers += [httpx2.Response(200, text=f"{CLIENT_SECRET} {FIRST_REFRESH}")]
    endpoint.refuse("invalid_grant")
    with capture_logs() as logged:
        for _ in range(3):
            with pytest.raises((TokenUnavailableError, TokenRefusedError)) as caught:
                await token.headers()
            said += [str(caught.value), repr(caught.value), repr(caught.value.__cause__)]
            clock.now += 4000
        await token.headers()
    assert {line["event"] for line in logged} >= {
        "token.missed",
        "token.answer_lost",
        "token.refused",
        "token.fetched",
    }
    everything = "\n".join([*said, *map(str, logged), caplog.text])
    for secret in (CLIENT_SECRET, FIRST_REFRESH, "access-", "refresh-"):
        assert secret not in everything
