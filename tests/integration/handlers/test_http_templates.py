"""Handler kind `http` with bodies, addresses and credentials of the user's own, against a real receiver."""

import base64
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from standardwebhooks.webhooks import Webhook

from service.handlers.alarms import Alarm, AlarmContext
from service.handlers.builtin.http import HTTP
from service.handlers.builtin.http_options import HttpOptions
from service.handlers.kinds import BuiltHandler, HandlerDeps
from service.handlers.outcomes import outcome_of
from service.handlers.templates import TemplateFailedError
from service.handlers.types import Done, Failed
from tests.fixtures.changes import UPDATE, a_change
from tests.fixtures.handling import RUN_ID, context, settings
from tests.fixtures.sink import HttpSink

SECRET = "whsec_" + base64.b64encode(b"a secret of 24 bytes or more").decode()

Build = Callable[..., BuiltHandler]


@pytest.fixture
async def build(sink: HttpSink) -> AsyncIterator[Build]:
    """Builds handlers for the sink that are closed at the end of the test."""
    async with AsyncExitStack() as stack:

        def make(path: str = "/hook", **options: Any) -> BuiltHandler:
            given = HttpOptions.model_validate({"url": sink.url + path, "allow_private": True, **options})
            built = HTTP.build(given, settings("http", timeout=10), HandlerDeps(Path()))
            stack.push_async_callback(built.close)
            return built

        yield make


async def test_a_message_for_a_chat_arrives_as_it_was_written(sink: HttpSink, build: Build) -> None:
    text = "{{ record.title }} is {{ record.status }} (before: {{ diff.status.before }})"
    assert isinstance(await build(body={"text": text}).call(UPDATE, context()), Done)
    (request,) = sink.received
    assert request.json == {"text": "Ünïcode is Done (before: In progress)"}
    assert request.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("options", "body"),
    [
        ({"body": {"text": "{{ record.title }}"}}, b'{"text":"\\u00dcn\\u00efcode"}'),
        ({"body": "title={{ record.title }}"}, "title=Ünïcode".encode()),
        ({"method": "DELETE"}, b""),
    ],
)
async def test_the_signature_covers_the_body_that_is_sent(
    sink: HttpSink, build: Build, options: dict[str, Any], body: bytes
) -> None:
    await build(secret=SECRET, **options).call(UPDATE, context())
    (request,) = sink.received
    assert request.body == body
    moment = datetime.fromtimestamp(int(request.headers["webhook-timestamp"]), UTC)
    signed = Webhook(SECRET).sign(str(RUN_ID), moment, body.decode())
    assert request.headers["webhook-signature"] == signed


async def test_the_request_goes_to_the_records_own_address(sink: HttpSink, build: Build) -> None:
    handler = build("/tasks/{{ record.id }}/a b?t={{ record.title }}".replace(" b", "%20b"), method="GET")
    record = {"id": "a/../b?c", "title": "x&y=z"}
    assert isinstance(await handler.call(a_change(record=record), context()), Done)
    (request,) = sink.received
    assert (request.method, request.path) == ("GET", "/tasks/a%2F..%2Fb%3Fc/a%20b?t=x%26y%3Dz")
    assert request.body == b""
    assert "content-type" not in request.headers


async def test_a_password_is_sent_and_told_nowhere(sink: HttpSink, build: Build) -> None:
    sink.answer(401, body=b"no: relay / open sesame / cmVsYXk6b3BlbiBzZXNhbWU=")
    handler = build(auth={"basic": {"user": "relay", "password": "open sesame"}})
    outcome = await handler.call(UPDATE, context())
    assert sink.received[0].headers["authorization"] == "Basic cmVsYXk6b3BlbiBzZXNhbWU="
    assert isinstance(outcome, Failed)
    assert outcome.detail == {"status": 401, "body": "no: relay / [redacted] / [redacted]"}


async def test_a_template_that_fails_sends_nothing_and_is_not_tried_again(
    sink: HttpSink, build: Build
) -> None:
    with pytest.raises(TemplateFailedError) as caught:
        await build(body={"text": "{{ record.titel }}"}).call(UPDATE, context())
    outcome = outcome_of(caught.value, timeout=settings("http").timeout)
    assert outcome == Failed(
        "TemplateFailedError: body.text: there is no `titel`; did you mean `title`?", dead=True
    )
    assert sink.received == ()


async def test_an_alarm_can_be_told_in_words_of_ones_own(sink: HttpSink, build: Build) -> None:
    handler = build(body={"text": "{{ 'Over' if alarm.over else 'Alarm' }}: {{ alarm.message }}"})
    alarm = Alarm("app_halted", "main/ia4f42", "Tasks is halted", datetime(2026, 11, 22, 5, tzinfo=UTC))
    told = AlarmContext(notice_id=UUID(int=7), handler="chat", attempt=1)
    assert isinstance(await handler.tell(alarm, told), Done)
    assert sink.received[0].json == {"text": "Alarm: Tasks is halted"}
    refused = await handler.call(UPDATE, context())
    assert isinstance(refused, Failed)
    assert refused.dead
