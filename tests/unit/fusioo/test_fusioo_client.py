"""The client: what it sends, what it counts, and what it makes of answers."""

import asyncio
import json
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from service.errors import BudgetExhaustedError, ConfigurationError, Disposition
from service.fusioo import errors
from service.fusioo.auth import StaticToken
from service.fusioo.client import FusiooClient
from service.transport.errors import ConnectFailedError, TimedOutError
from service.transport.http import Timeout, make_client
from tests.fixtures.fusioo_client import TOKEN, Recorder, client_over, enveloped

WEBHOOK = {
    "id": "i59adb",
    "url": "https://relay.test/webhooks/fusioo/key",
    "secret": "d5cf019f",
    "app_id": "i5hs4",
    "on_create": True,
    "on_update": False,
    "on_delete": False,
}
FLAGS = {"on_create": True, "on_update": False, "on_delete": False}

Doing = Callable[[FusiooClient], Awaitable[Any]]


@pytest.mark.parametrize(
    ("doing", "data", "method", "path", "body"),
    [
        (lambda c: c.ping(), {}, "GET", "/v3/ping", None),
        (lambda c: c.apps.list(), [], "GET", "/v3/apps", None),
        (lambda c: c.apps.get("ia"), {"id": "ia"}, "GET", "/v3/apps/ia", None),
        (lambda c: c.records.get("i1"), {"id": "i1"}, "GET", "/v3/records/i1", None),
        (
            lambda c: c.records.get("i1", include_deleted=True),
            {"id": "i1"},
            "GET",
            "/v3/records/i1?includeDeleted=true",
            None,
        ),
        (
            lambda c: c.records.by_ids("ia", ["i1", "i2"]),
            [],
            "POST",
            "/v3/records/apps/ia/filter?ids=%5Bi1%2Ci2%5D&limit=200",
            {},
        ),
        (
            lambda c: c.records.list("ia", sort_by="a b", order="desc", offset=30, limit=0),
            [],
            "GET",
            "/v3/records/apps/ia?sort_by=a%20b&order=desc&offset=30&limit=0",
            None,
        ),
        (
            lambda c: c.records.list("ia", include_deleted=True),
            [],
            "GET",
            "/v3/records/apps/ia?includeDeleted=true",
            None,
        ),
        (
            lambda c: c.records.filter("ia", {"status": {"contains": "Done"}}, limit=5),
            [],
            "POST",
            "/v3/records/apps/ia/filter?limit=5",
            {"status": {"contains": "Done"}},
        ),
        (lambda c: c.records.count("ia"), {"count": 3}, "GET", "/v3/records/apps/ia/count", None),
        (
            lambda c: c.records.count("ia", {"a": {"equal": 1}}),
            {"count": 3},
            "POST",
            "/v3/records/apps/ia/count/filter",
            {"a": {"equal": 1}},
        ),
        (
            lambda c: c.records.create("ia", {"title": "T"}),
            {"id": "i1", "title": "T"},
            "POST",
            "/v3/records/apps/ia",
            {"title": "T"},
        ),
        (lambda c: c.records.update("i1", {"a": None}), {}, "PATCH", "/v3/records/i1", {"a": None}),
        (lambda c: c.records.delete("i1"), {}, "DELETE", "/v3/records/i1", None),
        (lambda c: c.records.get_deleted("i1"), {"id": "i1"}, "GET", "/v3/trash/records/i1", None),
        (
            lambda c: c.discussions.create("i1", "Look", files=["if"]),
            {"id": "id"},
            "POST",
            "/v3/discussions/records/i1",
            {"content": "Look", "files": ["if"]},
        ),
        (
            lambda c: c.discussions.list("i1", order="desc", offset=1, limit=5),
            [{"id": "id"}],
            "GET",
            "/v3/discussions/records/i1?order=desc&offset=1&limit=5",
            None,
        ),
        (lambda c: c.discussions.get("id"), {"id": "id"}, "GET", "/v3/discussions/id", None),
        (lambda c: c.discussions.delete("id"), {}, "DELETE", "/v3/discussions/id", None),
        (
            lambda c: c.comments.create("id", "Yes"),
            {"id": "ic"},
            "POST",
            "/v3/comments/discussions/id",
            {"content": "Yes", "files": []},
        ),
        (lambda c: c.users.list(), [{"id": "iu"}], "GET", "/v3/users", None),
        (lambda c: c.users.get("iu"), {"id": "iu"}, "GET", "/v3/users/iu", None),
        (lambda c: c.webhooks.list(), [WEBHOOK], "GET", "/v3/webhooks", None),
        (lambda c: c.webhooks.get("iw"), WEBHOOK, "GET", "/v3/webhooks/iw", None),
        (
            lambda c: c.webhooks.create(url="https://u.test", app_id="ia", **FLAGS),
            WEBHOOK,
            "POST",
            "/v3/webhooks",
            {"url": "https://u.test", "app_id": "ia", **FLAGS},
        ),
        (
            lambda c: c.webhooks.update("iw", url="https://u.test", on_delete=False),
            WEBHOOK,
            "PATCH",
            "/v3/webhooks/iw",
            {"url": "https://u.test", "on_delete": False},
        ),
        (lambda c: c.webhooks.delete("iw"), None, "DELETE", "/v3/webhooks/iw", None),
    ],
)
async def test_each_method_sends_its_request(
    doing: Doing, data: Any, method: str, path: str, body: Any
) -> None:
    fusioo = Recorder(enveloped(data))
    async with client_over(fusioo) as client:
        await doing(client)
    sent = fusioo.last
    assert (sent.method, sent.url.raw_path.decode()) == (method, path)
    assert (json.loads(sent.content) if sent.content else None) == body
    assert sent.headers["authorization"] == f"Bearer {TOKEN}"
    assert sent.headers["content-type"] == "application/json"


async def test_the_values_come_back() -> None:
    async with client_over(Recorder(enveloped({"count": 1205}))) as client:
        assert await client.records.count("ia") == 1205
    async with client_over(Recorder(enveloped([{"id": "i1", "x": 1}]))) as client:
        assert await client.records.by_ids("ia", ["i1"]) == [{"id": "i1", "x": 1}]
    async with client_over(Recorder(enveloped([WEBHOOK]))) as client:
        (webhook,) = await client.webhooks.list()
        assert webhook.secret.get_secret_value() == "d5cf019f"
        assert (webhook.on_create, webhook.on_update) == (True, False)


@pytest.mark.parametrize("data", [{}, None, {"id": "i1", "title": "T"}])
async def test_both_answers_of_an_update_are_accepted(data: Any) -> None:
    async with client_over(Recorder(enveloped(data))) as client:
        assert await client.records.update("i1", {"title": "T"}) == (data or {})


@pytest.mark.parametrize(
    ("doing", "data"),
    [
        (lambda c: c.records.get("i1"), None),
        (lambda c: c.records.get("i1"), {}),
        (lambda c: c.records.get("i1"), {"id": 5}),
        (lambda c: c.records.by_ids("ia", ["i1"]), None),
        (lambda c: c.records.by_ids("ia", ["i1"]), {"id": "i1"}),
        (lambda c: c.records.by_ids("ia", ["i1"]), [{"id": "i1"}, {"title": "no id"}]),
        (lambda c: c.records.update("i1", {}), []),
        (lambda c: c.records.count("ia"), {"count": True}),
        (lambda c: c.records.count("ia"), {"count": -1}),
        (lambda c: c.records.count("ia"), 5),
        (lambda c: c.records.get_deleted("i1"), {}),
        (lambda c: c.discussions.create("i1", "x"), {}),
        (lambda c: c.discussions.list("i1"), {"id": "id"}),
        (lambda c: c.comments.create("id", "x"), None),
        (lambda c: c.users.list(), [{"name": "Ryan"}]),
        (lambda c: c.apps.list(), {}),
        (lambda c: c.apps.get("ia"), None),
        (lambda c: c.webhooks.get("iw"), {**WEBHOOK, "on_create": "d5cf019f?"}),
    ],
)
async def test_data_of_another_shape_is_an_unreadable_answer(doing: Doing, data: Any) -> None:
    async with client_over(Recorder(enveloped(data))) as client:
        with pytest.raises(errors.UnreadableAnswerError) as caught:
            await doing(client)
    assert "d5cf019f" not in "".join(traceback.format_exception(caught.value))


class LedgerMeter:
    """Notes what is counted."""

    def __init__(self, *, exhausted: bool = False) -> None:
        self.noted: list[tuple[str, int | None]] = []
        self._exhausted = exhausted

    @asynccontextmanager
    async def call(self, endpoint: str) -> AsyncIterator[Callable[[int], None]]:
        if self._exhausted:
            raise BudgetExhaustedError("main", datetime(2026, 11, 22, 5, tzinfo=UTC))
        self.noted.append((endpoint, None))

        def note(status: int) -> None:
            self.noted[-1] = (endpoint, status)

        yield note


async def test_calls_are_counted_with_their_status_and_without_ids() -> None:
    meter = LedgerMeter()
    answers = Recorder(enveloped({"id": "i1"}), enveloped(code=30051, status=404))
    async with client_over(answers, meter=meter) as client:
        await client.records.get("i1")
        with pytest.raises(errors.RecordNotFoundError):
            await client.records.delete("i1")
    assert meter.noted == [("GET /records/{record}", 200), ("DELETE /records/{record}", 404)]


async def test_a_ping_is_not_counted() -> None:
    meter = LedgerMeter(exhausted=True)
    async with client_over(Recorder(enveloped({})), meter=meter) as client:
        await client.ping()
    assert meter.noted == []


async def test_without_budget_nothing_is_sent() -> None:
    fusioo = Recorder(enveloped([]))
    async with client_over(fusioo, meter=LedgerMeter(exhausted=True)) as client:
        with pytest.raises(BudgetExhaustedError):
            await client.apps.list()
    assert fusioo.requests == []


async def test_a_call_without_answer_is_counted_without_status() -> None:
    def answering(_: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("refused")

    meter = LedgerMeter()
    async with client_over(answering, meter=meter) as client:
        with pytest.raises(errors.UnreachableError, match="could not be reached: refused") as caught:
            await client.apps.list()
    assert meter.noted == [("GET /apps", None)]
    assert isinstance(caught.value.__cause__, ConnectFailedError)
    assert (caught.value.disposition, caught.value.may_have_acted) == (Disposition.RETRY, False)


async def test_the_time_limit_of_a_call_is_kept() -> None:
    async def answering(_: httpx2.Request) -> httpx2.Response:
        await asyncio.Event().wait()
        raise AssertionError("nobody sets this event")

    http = make_client(timeout=Timeout(5.0), allow_private=False, transport=httpx2.MockTransport(answering))
    async with FusiooClient(auth=StaticToken(TOKEN), http=http, timeout=0.01) as client:
        with pytest.raises(errors.UnreachableError, match=r"within 0\.01 s") as caught:
            await client.records.create("ia", {})
    assert isinstance(caught.value.__cause__, TimedOutError)
    assert caught.value.may_have_acted


async def test_the_timeouts_of_the_http_client_reach_its_transport() -> None:
    fusioo = Recorder(enveloped([]))
    http = make_client(
        timeout=Timeout(7.0, connect=2.0), allow_private=False, transport=httpx2.MockTransport(fusioo)
    )
    async with FusiooClient(auth=StaticToken(TOKEN), http=http, timeout=10.0) as client:
        await client.apps.list()
    assert fusioo.last.extensions["timeout"] == {"connect": 2.0, "read": 7.0, "write": 7.0, "pool": 7.0}
    assert str(fusioo.last.url) == "https://api.fusioo.com/v3/apps"


@pytest.mark.parametrize("limit", [0, -1, float("inf"), float("nan")])
async def test_no_time_limit_is_refused(limit: float) -> None:
    async with make_client(timeout=Timeout(5.0), allow_private=False) as http:
        with pytest.raises(ValueError, match="time limit"):
            FusiooClient(auth=StaticToken(TOKEN), http=http, timeout=limit)


async def test_an_answer_larger_than_we_read_asks_for_fewer_records() -> None:
    async with client_over(
        Recorder(enveloped([{"id": "i1", "notes": "x" * 2000}])), max_bytes=1000
    ) as client:
        with pytest.raises(errors.RequestTooLargeError):
            await client.records.by_ids("ia", ["i1"])


@pytest.mark.parametrize("count", [0, 201])
async def test_by_ids_takes_1_to_200(count: int) -> None:
    fusioo = Recorder(enveloped([]))
    async with client_over(fusioo) as client:
        with pytest.raises(ValueError, match="1 to 200"):
            await client.records.by_ids("ia", [f"i{number}" for number in range(count)])
    assert fusioo.requests == []


async def test_the_client_closes_its_connections() -> None:
    http = make_client(
        timeout=Timeout(5.0), allow_private=False, transport=httpx2.MockTransport(Recorder(enveloped()))
    )
    async with FusiooClient(auth=StaticToken(TOKEN), http=http, timeout=5.0) as client:
        assert TOKEN not in repr(client)
    assert http.is_closed


async def test_a_client_is_opened_with_a_token_and_a_time_limit() -> None:
    fusioo = Recorder(enveloped([]))
    transport = httpx2.MockTransport(fusioo)
    async with FusiooClient.open(token=TOKEN, timeout=7.0, transport=transport) as client:
        assert await client.users.list() == ()
    assert str(fusioo.last.url) == "https://api.fusioo.com/v3/users"
    assert fusioo.last.headers["authorization"] == f"Bearer {TOKEN}"
    assert fusioo.last.extensions["timeout"] == {"connect": 7.0, "read": 7.0, "write": 7.0, "pool": 7.0}
    with pytest.raises(RuntimeError, match="closed"):
        await client.ping()


@pytest.mark.parametrize("given", [{}, {"token": TOKEN, "auth": StaticToken(TOKEN)}])
def test_a_client_is_opened_with_either_a_token_or_an_auth(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="either a token or an auth"):
        FusiooClient.open(timeout=5.0, **given)


def test_an_old_version_and_no_time_limit_are_refused_before_anything_is_opened() -> None:
    with pytest.raises(ConfigurationError, match="version 1"):
        FusiooClient.open(token=TOKEN, timeout=5.0, base_url="https://api.fusioo.com/v1")
    with pytest.raises(ValueError, match="time limit"):
        FusiooClient.open(token=TOKEN, timeout=0.0)
