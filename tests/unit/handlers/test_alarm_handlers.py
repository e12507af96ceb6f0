"""Handlers under `alarms:`: what each kind makes of an alarm, and which handlers may stand there."""

import json
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import httpx2
import pytest
from standardwebhooks.webhooks import Webhook
from structlog.testing import capture_logs

from service.handlers import Alarm, AlarmContext, alarm_handler
from service.handlers.builtin.http import HTTP
from service.handlers.builtin.http_options import HttpOptions
from service.handlers.builtin.log import LOG, LogOptions
from service.handlers.functions import takes_alarms
from service.handlers.kinds import HandlerDeps, takes_no_alarms, takes_no_changes
from service.handlers.registry import build_handlers
from service.handlers.types import Done, Failed
from service.rules.loader import parse
from service.rules.problems import InvalidConfigurationError
from tests.fixtures.changes import UPDATE
from tests.fixtures.handling import context, settings

NOTICE = UUID("0199a000-0000-7000-8000-000000000003")
BEGAN, ENDED = datetime(2026, 11, 22, 5, tzinfo=UTC), datetime(2026, 11, 22, 6, tzinfo=UTC)
RAISED = Alarm("app_halted", "main/ia4f42", "account main, app ia4f42: gone; its deliveries wait", BEGAN)
CLEARED = replace(RAISED, cleared_at=ENDED)
SECRET = "whsec_c2VjcmV0LW9mLW9wcw=="
HANDLERS = """\
version: 1
accounts: {main: {provider: fusioo, token: "${T}"}}
handlers:
  ops: {http: {url: "https://ops.example.com/hook"}}
  assign: {python: some_handlers.assign}
  page: {python: some_handlers.page}
rules:
  - {name: all, account: main, app: ia4f42, run: [RUN]}
alarms: [ALARMS]
"""


def telling(attempt: int = 1) -> AlarmContext:
    return AlarmContext(notice_id=NOTICE, handler="ops", attempt=attempt)


@pytest.mark.parametrize(
    ("alarm", "kind", "moment", "over"),
    [
        (RAISED, "relay.alarm.raised", "2026-11-22T05:00:00Z", None),
        (CLEARED, "relay.alarm.cleared", "2026-11-22T06:00:00Z", "2026-11-22T06:00:00Z"),
    ],
)
async def test_http_posts_it_signed_like_any_other(
    alarm: Alarm, kind: str, moment: str, over: str | None
) -> None:
    requests: list[httpx2.Request] = []

    async def answer(request: httpx2.Request) -> httpx2.Response:
        requests.append(request)
        return httpx2.Response(204)

    deps = HandlerDeps(Path(), transport=httpx2.MockTransport(answer))
    options = HttpOptions.model_validate({"url": "https://ops.example.com/hook", "secret": SECRET})
    built = HTTP.build(options, settings("http"), deps)
    assert await built.tell(alarm, telling(attempt=2)) == Done({"status": 204, "body": ""})
    await built.close()
    (request,) = requests
    body = request.read()
    assert json.loads(body) == {
        "type": kind,
        "timestamp": moment,
        "data": {
            "notice_id": str(NOTICE),
            "handler": "ops",
            "attempt": 2,
            "alarm": "app_halted",
            "subject": "main/ia4f42",
            "message": alarm.message,
            "since": "2026-11-22T05:00:00Z",
            "cleared_at": over,
        },
    }
    assert request.headers["webhook-id"] == str(NOTICE)
    Webhook(SECRET).verify(body, dict(request.headers))


async def test_http_judges_the_answer_as_for_changes() -> None:
    deps = HandlerDeps(Path(), transport=httpx2.MockTransport(lambda _: httpx2.Response(410)))
    options = HttpOptions.model_validate({"url": "https://ops.example.com/hook"})
    built = HTTP.build(options, settings("http"), deps)
    outcome = await built.tell(RAISED, telling())
    await built.close()
    assert isinstance(outcome, Failed)
    assert outcome.dead


async def test_log_writes_a_line() -> None:
    built = LOG.build(LogOptions(level="warning"), settings("log"), HandlerDeps(Path()))
    with capture_logs() as logged:
        assert await built.tell(CLEARED, telling()) == Done()
    assert logged == [
        {
            "event": "alarm.told",
            "log_level": "warning",
            "notice": str(NOTICE),
            "handler": "ops",
            "attempt": 1,
            "alarm": "app_halted",
            "subject": "main/ia4f42",
            "since": "2026-11-22T05:00:00Z",
            "over": True,
            "message": RAISED.message,
        }
    ]


def test_the_decorator_marks_what_fits() -> None:
    def page(alarm: Alarm, ctx: AlarmContext) -> None:
        """Page somebody."""

    assert not takes_alarms(page)
    assert alarm_handler(page) is page
    assert takes_alarms(page)
    with pytest.raises(TypeError, match=r"called with \(alarm, ctx\)"):
        alarm_handler(lambda: None)


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "path", sys.path.copy())
    monkeypatch.delitem(sys.modules, "some_handlers", raising=False)
    (tmp_path / "some_handlers.py").write_text(
        "from service.handlers import Alarm, AlarmContext, alarm_handler, handler\n"
        "told = []\n"
        "@handler\n"
        "async def assign(change, ctx): ...\n"
        "@alarm_handler\n"
        "def page(alarm: Alarm, ctx: AlarmContext) -> None:\n"
        "    told.append((alarm.name, alarm.is_over, ctx.idempotency_key))\n"
    )
    return tmp_path


async def test_a_marked_function_is_told(directory: Path) -> None:
    text = HANDLERS.replace("RUN", "ops, assign").replace("ALARMS", "ops, page")
    built = build_handlers(parse(text, "relay.yaml", {"T": "t"}), HandlerDeps(directory))
    page = built["page"]
    assert (page.takes_alarms, page.takes_changes) == (True, False)
    assert (built["assign"].takes_alarms, built["ops"].takes_alarms, built["ops"].takes_changes) == (
        False,
        True,
        True,
    )
    assert await page.tell(CLEARED, telling()) == Done()
    assert sys.modules["some_handlers"].told == [("app_halted", True, str(NOTICE))]


def test_a_handler_in_the_wrong_place_is_named_with_the_place(directory: Path) -> None:
    text = HANDLERS.replace("RUN", "ops, page").replace("ALARMS", "ops, assign")
    with pytest.raises(InvalidConfigurationError) as caught:
        build_handlers(parse(text, "relay.yaml", {"T": "t"}), HandlerDeps(directory))
    assert str(caught.value).splitlines() == [
        "relay.yaml:8:56: the handler `page` takes alarms, not changes (name it under `alarms`)",
        (
            "relay.yaml:9:15: the handler `assign` takes changes, not alarms (mark its function with"
            " @alarm_handler, or name another one)"
        ),
    ]


@pytest.mark.parametrize(
    ("template", "message"),
    [
        (
            "{{ record.title }}",
            "takes changes, not alarms (write another one, whose templates name `alarm`)",
        ),
        ("{{ alarm.message }}", "takes alarms, not changes (name it under `alarms`)"),
    ],
)
def test_what_templates_name_decides_where_a_handler_may_stand(
    directory: Path, template: str, message: str
) -> None:
    body = f', body: "{template}"}}'
    text = HANDLERS.replace('hook"}', f'hook"{body}')
    text = text.replace("RUN", "ops").replace("ALARMS", "ops")
    with pytest.raises(InvalidConfigurationError) as caught:
        build_handlers(parse(text, "relay.yaml", {"T": "t"}), HandlerDeps(directory))
    assert f"the handler `ops` {message}" in str(caught.value)


async def test_what_is_called_for_the_wrong_thing_is_dead_at_once() -> None:
    """A run may be left from a time when the handler was another one."""
    for outcome in (
        await takes_no_changes(UPDATE, context()),
        await takes_no_alarms(RAISED, telling()),
    ):
        assert isinstance(outcome, Failed)
        assert outcome.dead
