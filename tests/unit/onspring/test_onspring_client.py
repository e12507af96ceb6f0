"""The client: what it sends, what it counts and repeats, and what it makes of answers."""

import json
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from service.errors import BatchTooLargeError, BudgetExhaustedError, ConfigurationError, Disposition
from service.onspring import errors
from service.onspring.client import OnspringClient
from service.transport.retrying import Retries
from tests.fixtures.fusioo_client import Recorder
from tests.fixtures.onspring_client import BASE, KEY, a_page, client_over, said

QUICK = Retries(attempts=3, first_pause=0.0, longest_pause=0.0)
HTML = httpx2.Response(401, html="<html><body>Sign in, my secret</body></html>")
TOO_LARGE = "The size of the data requested was too large."

Doing = Callable[[OnspringClient], Awaitable[Any]]


class Counting:
    """A meter that keeps what it counted."""

    def __init__(self, free: int = 99) -> None:
        self.calls: list[tuple[str, int | None]] = []
        self._free = free

    @asynccontextmanager
    async def call(self, endpoint: str) -> AsyncIterator[Callable[[int], None]]:
        if len(self.calls) >= self._free:
            raise BudgetExhaustedError("grc", datetime(2026, 1, 1, tzinfo=UTC))
        self.calls.append((endpoint, None))
        place = len(self.calls) - 1
        yield lambda status: self.calls.__setitem__(place, (endpoint, status))


@pytest.mark.parametrize(
    ("doing", "path"),
    [
        (lambda c: c.apps.page(2, 1000), "/Apps?PageNumber=2&PageSize=1000"),
        (lambda c: c.reports.page(1, 2, 3), "/Reports/appId/1?PageNumber=2&PageSize=3"),
        (lambda c: c.fields.page(1, 2, 3), "/Fields/appId/1?PageNumber=2&PageSize=3"),
        (
            lambda c: c.records.page(1, 2, 3, field_ids=[4, 5], data_format="Formatted"),
            "/Records/appId/1?PageNumber=2&PageSize=3&fieldIds=4,5&dataFormat=Formatted",
        ),
        (lambda c: c.records.query(1, "2 eq 3", 4, 5), "/Records/Query?PageNumber=4&PageSize=5"),
    ],
)
async def test_lists_are_asked_for_by_page(doing: Doing, path: str) -> None:
    onspring = Recorder(a_page([]))
    async with client_over(onspring) as client:
        await doing(client)
    assert str(onspring.last.url) == BASE + path


async def test_formats_are_sent_where_each_endpoint_takes_them() -> None:
    onspring = Recorder(httpx2.Response(200, json={"columns": [], "rows": [], "recordId": 2}))
    async with client_over(onspring) as client:
        await client.reports.data(7, data_format="Formatted", data_type="ChartData")
        await client.records.get(1, 2, field_ids=[3], data_format="Raw")
    report, record = onspring.requests
    assert str(report.url) == f"{BASE}/Reports/id/7?apiDataFormat=Formatted&dataType=ChartData"
    assert str(record.url) == f"{BASE}/Records/appId/1/recordId/2?fieldIds=3&dataFormat=Raw"


async def test_values_are_written_as_the_api_takes_them() -> None:
    onspring = Recorder(httpx2.Response(201, json={"id": 9, "warnings": ["field 3 was cut"]}))
    moment = datetime.fromisoformat("2024-09-30T07:00:00-05:00")
    async with client_over(onspring) as client:
        saved = await client.records.save(1, {2: moment, 3: "<p>é</p>", 4: None, 5: [7, 8]}, record_id=9)
        with pytest.raises(ValueError, match="no field to save"):
            await client.records.save(1, {})
    fields = {"2": "2024-09-30T12:00:00Z", "3": "<p>é</p>", "4": None, "5": [7, 8]}
    assert onspring.last_body == {"appId": 1, "recordId": 9, "fields": fields}
    assert (saved.id, saved.warnings) == (9, ("field 3 was cut",))
    assert len(onspring.requests) == 1


@pytest.mark.parametrize(
    ("answer", "expected", "disposition"),
    [
        (said(400, "bad"), errors.BadRequestError, Disposition.DISCARD),
        (said(400, TOO_LARGE), errors.DataTooLargeError, Disposition.RETRY),
        (said(401, "no"), errors.UnauthorizedError, Disposition.HALT),
        (HTML, errors.UnauthorizedError, Disposition.HALT),
        (httpx2.Response(401), errors.UnauthorizedError, Disposition.HALT),
        (said(403, "role"), errors.AccessDeniedError, Disposition.DISCARD),
        (said(404, "gone"), errors.NoSuchThingError, Disposition.DISCARD),
        (httpx2.Response(413, html="<h1>413</h1>"), errors.FileTooLargeError, Disposition.DISCARD),
        (said(429, "slow down", {"retry-after": "7"}), errors.RateLimitedError, Disposition.DEFER),
        (httpx2.Response(499), errors.GatewayTimedOutError, Disposition.RETRY),
        (said(500, "oops"), errors.UnavailableError, Disposition.RETRY),
        (httpx2.Response(503, html="<h1>503</h1>"), errors.UnavailableError, Disposition.RETRY),
        (httpx2.Response(302, headers={"location": "/"}), errors.UnexpectedStatusError, Disposition.RETRY),
        (httpx2.Response(418), errors.UnexpectedStatusError, Disposition.RETRY),
        (httpx2.Response(200, html="<p>maintenance</p>"), errors.UnreadableAnswerError, Disposition.RETRY),
        (httpx2.Response(200), errors.UnreadableAnswerError, Disposition.RETRY),
        (httpx2.Response(200, json=None), errors.UnreadableAnswerError, Disposition.RETRY),
        (httpx2.Response(200, json={"id": "x"}), errors.UnreadableAnswerError, Disposition.RETRY),
        (httpx2.Response(200, content=b'{"id": 1'), errors.UnreadableAnswerError, Disposition.RETRY),
    ],
)
async def test_an_answer_without_success_is_the_error_that_it_means(
    answer: httpx2.Response, expected: type[errors.OnspringError], disposition: Disposition
) -> None:
    async with client_over(Recorder(answer)) as client:
        with pytest.raises(expected) as caught:
            await client.apps.get(1)
    assert type(caught.value) is expected
    assert caught.value.disposition is disposition
    assert caught.value.endpoint == "GET /Apps/id/{app}"
    assert "secret" not in str(caught.value)


async def test_an_error_says_what_the_api_said_and_when_to_come_back() -> None:
    denied = said(403, "Client does not have access to read app: 1")
    async with client_over(Recorder(denied, said(429, "", {"retry-after": "7"}))) as client:
        with pytest.raises(errors.AccessDeniedError, match="not have access to read app: 1; give the role"):
            await client.apps.get(1)
        with pytest.raises(errors.RateLimitedError) as caught:
            await client.apps.get(1)
    assert caught.value.retry_after == 7.0


async def test_a_ping_answered_by_somebody_in_between_is_no_success() -> None:
    async with client_over(Recorder(httpx2.Response(200), httpx2.Response(200, html="log in"))) as client:
        await client.ping()
        with pytest.raises(errors.UnreadableAnswerError):
            await client.ping()


async def test_an_answer_beyond_our_limit_asks_for_less() -> None:
    async with client_over(Recorder(a_page([{"id": 1}] * 99)), max_bytes=100) as client:
        with pytest.raises(BatchTooLargeError):
            await client.apps.page()


async def test_each_call_has_headers_of_its_own() -> None:
    """A defect of other clients: one dict for all calls, so that an upload's type stayed for the next."""
    onspring = Recorder(httpx2.Response(200, json={"id": 1}))
    async with client_over(onspring) as client:
        await client.files.create(1, 2, b"a", name="a.txt")
        await client.apps.get(1)
        await client.records.save(1, {2: "a"})
    upload, read, save = (request.headers for request in onspring.requests)
    assert upload["content-type"].startswith("multipart/form-data")
    assert "content-type" not in read
    assert save["content-type"] == "application/json"
    assert {headers["x-apikey"] for headers in (upload, read, save)} == {KEY}
    assert {headers["x-api-version"] for headers in (upload, read, save)} == {"2"}


async def test_what_failed_in_passing_is_repeated_where_that_is_safe_and_counted() -> None:
    """A defect of other clients: they repeat nothing."""
    meter, down = Counting(), httpx2.Response(503)
    async with client_over(
        Recorder(down, down, httpx2.Response(200, json={"id": 1})), meter=meter, retries=QUICK, timeout=60
    ) as client:
        assert (await client.apps.get(1)).id == 1
    assert meter.calls == [("GET /Apps/id/{app}", status) for status in (503, 503, 200)]


@pytest.mark.parametrize(
    ("doing", "answer"),
    [
        (lambda c: c.records.save(1, {2: "a"}), httpx2.Response(503)),
        (lambda c: c.lists.save_value(1, name="a"), httpx2.Response(503)),
        (lambda c: c.files.create(1, 2, b"a", name="a.txt"), httpx2.Response(503)),
        (lambda c: c.files.create(1, 2, b"a", name="a.txt"), httpx2.Response(413)),
        (lambda c: c.apps.get(1), httpx2.Response(499)),
        (lambda c: c.apps.get(1), said(400, TOO_LARGE)),
        (lambda c: c.apps.get(1), httpx2.Response(429)),
        (lambda c: c.apps.get(1), httpx2.Response(401)),
    ],
)
async def test_what_a_repetition_could_harm_or_not_help_goes_out_once(
    doing: Doing, answer: httpx2.Response
) -> None:
    onspring = Recorder(answer)
    async with client_over(onspring, retries=QUICK, timeout=60) as client:
        with pytest.raises(errors.OnspringError):
            await doing(client)
    assert len(onspring.requests) == 1


async def test_what_was_never_sent_is_repeated_also_where_it_writes() -> None:
    answers: list[httpx2.Response | Exception] = [
        httpx2.ConnectError("refused"),
        httpx2.Response(201, json={"id": 1, "warnings": None}),
    ]

    def answer(_: httpx2.Request) -> httpx2.Response:
        following = answers.pop(0)
        if isinstance(following, Exception):
            raise following
        return following

    async with client_over(answer, retries=QUICK, timeout=60) as client:
        assert (await client.records.save(1, {2: "a"})).id == 1
    assert answers == []


async def test_a_deletion_whose_answer_was_lost_and_that_finds_nothing_has_worked() -> None:
    lost, gone = httpx2.Response(502), said(404, "no record")
    async with client_over(Recorder(lost, gone), retries=QUICK, timeout=60) as client:
        await client.records.delete(1, 2)
    async with client_over(Recorder(gone), retries=QUICK, timeout=60) as client:
        with pytest.raises(errors.NoSuchThingError):
            await client.records.delete(1, 2)


async def test_nothing_is_sent_without_a_budget() -> None:
    onspring = Recorder(httpx2.Response(200))
    async with client_over(onspring, meter=Counting(free=0)) as client:
        with pytest.raises(BudgetExhaustedError):
            await client.ping()
    assert onspring.requests == []


async def test_no_error_shows_the_key() -> None:
    def refuse(_: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("refused")

    async with client_over(refuse) as client:
        with pytest.raises(errors.UnreachableError) as caught:
            await client.apps.page()
        assert not caught.value.may_have_acted
        assert KEY not in "".join(traceback.format_exception(caught.value)) + repr(client)


@pytest.mark.parametrize(
    "given",
    [{"api_key": ""}, {"api_key": "two words"}, {"base_url": "api.onspring.com"}, {"base_url": "https://"}],
)
def test_what_can_t_work_is_said_before_anything_is_sent(given: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError):
        OnspringClient.open(**{"api_key": KEY, "base_url": BASE, "timeout": 5.0, **given})  # type: ignore[arg-type]  # one of each kind
    with pytest.raises(ValueError, match="time limit"):
        OnspringClient.open(api_key=KEY, base_url=BASE, timeout=0)


@pytest.mark.parametrize(
    "doing", [lambda c: c.apps.get(0), lambda c: c.lists.delete_value(1, ".."), lambda c: c.apps.page(0)]
)
async def test_what_is_no_id_or_page_is_not_sent(doing: Doing) -> None:
    onspring = Recorder(httpx2.Response(200))
    async with client_over(onspring) as client:
        with pytest.raises(ValueError, match=r"is not an id|numbered from 1"):
            await doing(client)
    assert onspring.requests == []


async def test_an_opened_client_ends_its_connections() -> None:
    transport = httpx2.MockTransport(lambda _: httpx2.Response(200, json={"id": 1, "name": "Tasks"}))
    client = OnspringClient.open(api_key=KEY, base_url=BASE + "/", timeout=5.0, transport=transport)
    async with client:
        assert (await client.apps.get(1)).name == "Tasks"
    assert json.dumps(BASE)[1:-1] in repr(client)
