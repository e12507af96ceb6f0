"""Around every request: ids, answers to errors, and a log that can't be flooded."""

import asyncio
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send
from structlog.testing import capture_logs

from service.pipeline.receive import WrongSecretError
from service.transport.bodies import MalformedBodyError
from service.web.answers import send_json
from service.web.body import ClientGoneError
from service.web.middleware import RefusalLog, RequestMiddleware


async def nothing() -> Message:
    raise AssertionError("nothing to receive")


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Asked:
    """Sends one request through the middleware and keeps what came out."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.state: dict[str, Any] = {}

    async def of(self, app: Any) -> None:
        async def send(message: Message) -> None:
            self.sent.append(message)

        await RequestMiddleware(app)({"type": "http", "path": "/", "state": self.state}, nothing, send)


async def test_every_answer_carries_the_request_id_of_the_state() -> None:
    async def app(_: Scope, __: Receive, send: Send) -> None:
        await send_json(send, 200, {})

    asked = Asked()
    await asked.of(app)
    assert dict(asked.sent[0]["headers"])[b"x-request-id"].decode() == str(asked.state["request_id"])


async def test_a_request_that_the_server_cuts_off_is_refused_for_now() -> None:
    asking = asyncio.Event()

    async def app(_: Scope, __: Receive, ___: Send) -> None:
        asking.set()
        await asyncio.Event().wait()

    asked = Asked()
    request = asyncio.create_task(asked.of(app))
    await asking.wait()
    request.cancel()
    await request
    assert asked.sent[0]["status"] == 503
    assert dict(asked.sent[0]["headers"])[b"retry-after"]
    assert b"ending" in asked.sent[1]["body"]


async def test_an_error_becomes_its_answer() -> None:
    async def app(_: Scope, __: Receive, ___: Send) -> None:
        raise MalformedBodyError("not JSON")

    asked = Asked()
    await asked.of(app)
    assert asked.sent[0]["status"] == 400
    assert asked.sent[1]["body"] == b'{"error":"not JSON"}'


async def test_an_error_after_the_answer_began_is_not_answered_twice() -> None:
    async def app(_: Scope, __: Receive, send: Send) -> None:
        await send_json(send, 200, {})
        raise ValueError("too late")

    asked = Asked()
    with pytest.raises(ValueError, match="too late"):
        await asked.of(app)
    assert len(asked.sent) == 2


async def test_a_sender_that_hung_up_gets_no_answer() -> None:
    async def app(_: Scope, __: Receive, ___: Send) -> None:
        raise ClientGoneError("gone")

    asked = Asked()
    await asked.of(app)
    assert asked.sent == []


async def test_other_scopes_pass_through() -> None:
    seen = []

    async def app(scope: Scope, _: Receive, __: Send) -> None:
        seen.append(scope)

    async def send(_: Message) -> None:
        raise AssertionError("nothing to send")

    await RequestMiddleware(app)({"type": "lifespan"}, nothing, send)
    assert seen == [{"type": "lifespan"}]


def test_a_flood_of_refusals_is_one_line_a_second_for_each_status() -> None:
    clock = Clock()
    log = RefusalLog(clock)
    with capture_logs() as lines:
        for _ in range(1000):
            log.note(401, WrongSecretError("x-secret", account="main", app_id="app"), "id")
            log.note(503, RuntimeError("inside"), "id")
        clock.now += 1
        log.note(401, WrongSecretError("x-secret", account="main", app_id="app"), "id")
    assert [(line["status"], line["requests"], line["log_level"]) for line in lines] == [
        (401, 1, "warning"),
        (503, 1, "error"),
        (401, 1000, "warning"),
    ]
    assert (lines[0]["account"], lines[0]["app"]) == ("main", "app")
    assert isinstance(lines[1]["exc_info"], RuntimeError)
