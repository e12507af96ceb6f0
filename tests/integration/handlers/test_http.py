"""Handler kind `http` against a real receiver."""

import asyncio
import base64
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from structlog.testing import capture_logs

from service.handlers.builtin.http import BODY_KEPT, HTTP
from service.handlers.builtin.http_options import HttpOptions
from service.handlers.kinds import BuiltHandler, HandlerDeps
from service.handlers.outcomes import outcome_of
from service.handlers.payload import build_payload
from service.handlers.types import Done, Failed
from service.transport.errors import (
    BlockedAddressError,
    ConnectFailedError,
    ConnectionLostError,
    TimedOutError,
)
from tests.fixtures.changes import UPDATE
from tests.fixtures.handling import RUN_ID, context, settings
from tests.fixtures.sink import HttpSink, Reply

SECRET = "whsec_" + base64.b64encode(b"a secret of 24 bytes or more").decode()

Build = Callable[..., BuiltHandler]


@pytest.fixture
async def build() -> AsyncIterator[Build]:
    """Builds handlers that are closed at the end of the test."""
    async with AsyncExitStack() as stack:

        def make(url: str, *, timeout: float = 10.0, **options: Any) -> BuiltHandler:
            given = HttpOptions.model_validate({"url": url, "allow_private": True, **options})
            built = HTTP.build(given, settings("http", timeout=timeout), HandlerDeps(Path()))
            stack.push_async_callback(built.close)
            return built

        yield make


@pytest.mark.parametrize("secret", [SECRET, "plain text"])
async def test_the_receivers_own_library_accepts_the_signature(
    sink: HttpSink, build: Build, secret: str
) -> None:
    assert await build(f"{sink.url}/hook", secret=secret).call(UPDATE, context()) == Done(
        {"status": 200, "body": ""}
    )
    (request,) = sink.received
    verifier = Webhook(secret if secret == SECRET else secret.encode())
    assert verifier.verify(request.body, dict(request.headers)) == build_payload(UPDATE, context())
    assert (request.method, request.path) == ("POST", "/hook")
    assert request.headers["webhook-id"] == str(RUN_ID)
    assert abs(int(request.headers["webhook-timestamp"]) - time.time()) < 60
    for tampered in (request.body.replace(b"i59adb", b"i59adc"), request.body + b" "):
        with pytest.raises(WebhookVerificationError):
            verifier.verify(tampered, dict(request.headers))


async def test_gone_is_dead_at_once(sink: HttpSink, build: Build) -> None:
    sink.answer(410)
    outcome = await build(sink.url).call(UPDATE, context())
    assert isinstance(outcome, Failed)
    assert outcome.dead


@pytest.mark.parametrize("status", [429, 503])
async def test_a_wish_to_wait_is_honoured(sink: HttpSink, build: Build, status: int) -> None:
    sink.answer(status, {"Retry-After": "77"})
    outcome = await build(sink.url).call(UPDATE, context())
    assert isinstance(outcome, Failed)
    assert (outcome.retry_after, outcome.dead) == (77.0, False)


async def test_redirects_are_not_followed(sink: HttpSink, build: Build) -> None:
    sink.answer(307, {"Location": f"{sink.url}/elsewhere"})
    outcome = await build(f"{sink.url}/hook").call(UPDATE, context())
    assert isinstance(outcome, Failed)
    assert [request.path for request in sink.received] == ["/hook"]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "[::ffff:127.0.0.1]"])
async def test_a_private_receiver_is_refused_for_good(sink: HttpSink, build: Build, host: str) -> None:
    url = sink.url.replace("127.0.0.1", host)
    with pytest.raises(BlockedAddressError, match="allow_private: true") as caught:
        await build(url, allow_private=False).call(UPDATE, context())
    outcome = outcome_of(caught.value, timeout=settings("http").timeout)
    assert isinstance(outcome, Failed)
    assert outcome.dead
    assert sink.received == ()


async def test_a_huge_answer_is_cut_and_still_counts(sink: HttpSink, build: Build) -> None:
    sink.answer(200, body=b"x" * 5_000_000)
    handler = build(sink.url)
    for _ in range(2):  # the connection that was left in the middle is not used again
        outcome = await handler.call(UPDATE, context())
        assert isinstance(outcome, Done)
        assert outcome.detail is not None
        assert len(outcome.detail["body"]) == BODY_KEPT


async def test_no_secret_is_told_anywhere(sink: HttpSink, build: Build) -> None:
    token = "Bearer t0ken-of-ops"
    sink.answer(500, body=f"{SECRET} {token} {token.split()[1]}".encode())
    handler = build(f"{sink.url}/?key=k3y", secret=SECRET, headers={"Authorization": token})
    with capture_logs() as lines:
        outcome = await handler.call(UPDATE, context())
    told = f"{handler!r} {outcome!r} {lines!r}"
    assert sink.received[0].headers["authorization"] == token
    assert not any(secret in told for secret in (SECRET, "t0ken", "k3y"))


async def test_a_receiver_that_hangs_up_may_have_acted_and_is_asked_again(
    sink: HttpSink, build: Build
) -> None:
    sink.answer_next(Reply(drop=True))
    handler = build(sink.url)
    with pytest.raises(ConnectionLostError):
        await handler.call(UPDATE, context())
    assert isinstance(await handler.call(UPDATE, context(attempt=2)), Done)
    first, second = sink.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert (first.json["data"]["attempt"], second.json["data"]["attempt"]) == (1, 2)


async def test_a_receiver_that_never_answers_costs_the_time_limit(sink: HttpSink, build: Build) -> None:
    sink.hold()
    with pytest.raises(TimedOutError):
        await build(sink.url, timeout=0.3).call(UPDATE, context())
    assert len(sink.received) == 1


async def test_nobody_there_is_an_error_to_retry(build: Build) -> None:
    with HttpSink() as gone:
        url = gone.url
    with pytest.raises(ConnectFailedError):
        await build(url).call(UPDATE, context())


async def test_the_sink_holds_answers_until_it_is_told(sink: HttpSink, build: Build) -> None:
    sink.hold()
    handler = build(sink.url)
    calls = [asyncio.ensure_future(handler.call(UPDATE, context())) for _ in range(2)]
    await asyncio.to_thread(sink.wait_for, 2)
    assert sink.held == 2
    assert not any(call.done() for call in calls)
    sink.release()
    assert all(isinstance(outcome, Done) for outcome in await asyncio.gather(*calls))
    assert sink.held == 0
