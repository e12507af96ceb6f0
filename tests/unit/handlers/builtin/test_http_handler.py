"""Handler kind `http`: what is sent, and what each answer means."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
from standardwebhooks.webhooks import Webhook

from service.handlers.builtin.http import BODY_KEPT, HTTP
from service.handlers.builtin.http_options import HttpOptions
from service.handlers.kinds import HandlerDeps
from service.handlers.types import Done, Failed, Outcome
from service.transport.errors import ConnectFailedError, TimedOutError
from tests.fixtures.changes import UPDATE
from tests.fixtures.handling import RUN_ID, context, settings

NOW = datetime(2026, 11, 22, 6, 0, 0, 900_000, tzinfo=UTC)


class Receiver:
    """Stands for the other side: remembers requests, gives one answer."""

    def __init__(self, answer: httpx2.Response | Exception | None = None) -> None:
        self.requests: list[httpx2.Request] = []
        self._answer = answer or httpx2.Response(204)

    async def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


async def attempt(receiver: Receiver, *, number: int = 1, **options: Any) -> Outcome:
    deps = HandlerDeps(Path(), now=lambda: NOW, transport=httpx2.MockTransport(receiver))
    given = HttpOptions.model_validate({"url": "https://ops.example.com/hook", **options})
    built = HTTP.build(given, settings("http", timeout=7.5), deps)
    try:
        return await built.call(UPDATE, context(attempt=number))
    finally:
        await built.close()


async def test_it_posts_json_with_the_standard_headers() -> None:
    receiver = Receiver()
    assert await attempt(receiver) == Done({"status": 204, "body": ""})
    (request,) = receiver.requests
    assert (request.method, str(request.url)) == ("POST", "https://ops.example.com/hook")
    assert request.headers["content-type"] == "application/json"
    assert request.headers["webhook-id"] == str(RUN_ID)
    assert request.headers["webhook-timestamp"] == "1795327200"
    assert "webhook-signature" not in request.headers
    assert "authorization" not in request.headers


async def test_the_users_method_and_headers_are_sent() -> None:
    receiver = Receiver()
    await attempt(receiver, method="PUT", headers={"Authorization": "Bearer t0ken"})
    assert receiver.requests[0].method == "PUT"
    assert receiver.requests[0].headers["authorization"] == "Bearer t0ken"


async def test_every_attempt_has_the_same_id_and_says_its_number() -> None:
    receiver = Receiver()
    for number in (1, 2):
        await attempt(receiver, number=number)
    assert [request.headers["webhook-id"] for request in receiver.requests] == [str(RUN_ID)] * 2
    assert [b'"attempt":%d,' % n in r.content for n, r in enumerate(receiver.requests, 1)] == [True, True]


async def test_the_time_limit_reaches_the_transport() -> None:
    receiver = Receiver()
    await attempt(receiver)
    assert receiver.requests[0].extensions["timeout"] == {
        "connect": 7.5,
        "read": 7.5,
        "write": 7.5,
        "pool": 7.5,
    }


@pytest.mark.parametrize(
    ("status", "headers", "outcome"),
    [
        (200, {}, Done({"status": 200, "body": "said"})),
        (299, {}, Done({"status": 299, "body": "said"})),
        (
            410,
            {"retry-after": "5"},
            Failed(
                "answered 410 Gone: the receiver wants no more of these",
                dead=True,
                detail={"status": 410, "body": "said"},
            ),
        ),
        (
            429,
            {"retry-after": "120"},
            Failed(
                "answered 429 Too Many Requests", retry_after=120.0, detail={"status": 429, "body": "said"}
            ),
        ),
        (
            503,
            {"retry-after": "Sun, 22 Nov 2026 06:01:00 GMT", "date": "Sun, 22 Nov 2026 06:00:00 GMT"},
            Failed(
                "answered 503 Service Unavailable", retry_after=60.0, detail={"status": 503, "body": "said"}
            ),
        ),
        (503, {}, Failed("answered 503 Service Unavailable", detail={"status": 503, "body": "said"})),
        (
            500,
            {"retry-after": "120"},
            Failed("answered 500 Internal Server Error", detail={"status": 500, "body": "said"}),
        ),
        (404, {}, Failed("answered 404 Not Found", detail={"status": 404, "body": "said"})),
        (799, {}, Failed("answered 799", detail={"status": 799, "body": "said"})),
    ],
)
async def test_every_answer_has_its_meaning(status: int, headers: dict[str, str], outcome: Outcome) -> None:
    assert await attempt(Receiver(httpx2.Response(status, headers=headers, content=b"said"))) == outcome


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_redirects_are_not_followed(status: int) -> None:
    receiver = Receiver(httpx2.Response(status, headers={"location": "https://elsewhere.example/"}))
    outcome = await attempt(receiver)
    assert isinstance(outcome, Failed)
    assert "redirects are not followed" in outcome.error
    assert not outcome.dead
    assert len(receiver.requests) == 1


async def test_what_is_kept_of_an_answer_is_short_fit_for_postgres_and_without_secrets() -> None:
    secret = "whsec_c2VjcmV0c2VjcmV0"
    body = b"Bearer t0ken-of-ops \x00\xff key=k3y " + secret.encode() + b"x" * 200_000
    outcome = await attempt(
        Receiver(httpx2.Response(500, content=body)),
        url="https://ops.example.com/hook?key=k3y",
        secret=secret,
        headers={"Authorization": "Bearer t0ken-of-ops"},
    )
    assert isinstance(outcome, Failed)
    assert outcome.detail is not None
    kept = outcome.detail["body"]
    assert len(kept) == BODY_KEPT
    assert kept.startswith("[redacted] \ufffd\ufffd [redacted] [redacted]xxx")


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (httpx2.ConnectError("refused"), ConnectFailedError),
        (httpx2.ReadTimeout("slow"), TimedOutError),
    ],
)
async def test_no_answer_is_an_error_that_hides_the_rest_of_the_url(
    raised: Exception, expected: type[Exception]
) -> None:
    with pytest.raises(expected, match=r"https://ops\.example\.com") as caught:
        await attempt(Receiver(raised), url="https://ops.example.com/hook?key=k3y")
    assert "k3y" not in str(caught.value)


async def test_the_signature_belongs_to_this_body_and_this_secret() -> None:
    receiver = Receiver()
    await attempt(receiver, secret="plain text")
    (request,) = receiver.requests
    signed = Webhook(b"plain text").sign(str(RUN_ID), NOW, request.content.decode())
    assert request.headers["webhook-signature"] == signed
    assert signed != Webhook(b"another").sign(str(RUN_ID), NOW, request.content.decode())
