"""Every method of the vendor's page, called through the client: the page's request, and its answer as values.

Once with the page's own answer, word for word, and once at the simulator over HTTP, which stands in for the
company of the page; where the page contradicts itself, the difference is named here.
"""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2
import pytest

from service.fusioo.client import FusiooClient
from service.transport.retrying import NO_RETRIES
from tests.fixtures.documented import MADE_IDS, company_for
from tests.fixtures.exchanges import Exchange, RecordingTransport
from tests.fixtures.page_call import PageCall
from tests.fixtures.page_calls import page_calls, plain
from tests.fixtures.page_table import page_methods
from tests.fixtures.simulator import TOKEN, running_simulator

METHODS = page_methods()
CALLS = page_calls()
BASE = "https://fusioo.test/v3"
IMAGE = b"the image of the page"

GIVES_NOTHING = {"ping", "delete_record", "delete_discussion", "delete_file", "delete_webhook"}
"""Methods whose answer holds no data; ours give None."""

MADE_UP = {"create_webhook": ("id", "secret")}
"""What only the provider chooses."""

MORE_FIELDS = {"list_apps", "get_app"}
"""The page's schemas leave out fields that its records have; the simulator shows them."""

OTHERWISE = {"list_discussions": {"order": "desc"}}
"""The sample comes newest first, against the default that the page states."""


def _open(transport: httpx2.AsyncBaseTransport, base_url: str) -> FusiooClient:
    return FusiooClient.open(
        token=TOKEN, timeout=15.0, base_url=base_url, retries=NO_RETRIES, transport=transport
    )


def _value_of(name: str, data: Any) -> Any:
    """What our method is to give for an answer's data."""
    if name in GIVES_NOTHING:
        return None
    return data["count"] if name.startswith("count_") else data


def _assert_sent(name: str, exchange: Exchange, more: Mapping[str, Any] | None = None) -> None:
    """The request is the page's, with its headers."""
    method, request = METHODS[name], exchange.request
    path, _, query = method.path.partition("?")
    shown = urlsplit(str(request.url))
    assert (request.method, shown.path.partition("/v3")[2]) == (method.verb, path)
    expected = [*parse_qsl(query), *((more or {}).items())]
    assert sorted(parse_qsl(shown.query)) == sorted(expected)
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert request.headers["cache-control"] == "no-cache"
    if name == "create_file":
        assert request.headers["content-type"].startswith("multipart/form-data; boundary=")
        assert (
            b'name="file"; filename="uploaded-image.png"\r\nContent-Type: image/png\r\n\r\nan image\r\n'
            in exchange.sent
        )
    else:
        assert request.headers["content-type"] == "application/json"
        assert (json.loads(exchange.sent) if exchange.sent else None) == method.body


@pytest.mark.parametrize("name", METHODS)
async def test_the_page_s_request_goes_out_and_its_answer_is_understood(name: str) -> None:
    answer = METHODS[name].answer

    def respond(_: httpx2.Request) -> httpx2.Response:
        if answer is None:
            return httpx2.Response(200, content=IMAGE, headers={"content-type": "image/png"})
        return httpx2.Response(200, json=answer)

    transport = RecordingTransport(httpx2.MockTransport(respond))
    async with _open(transport, BASE) as client:
        value = await CALLS[name].put_to(client)
    (exchange,) = transport.exchanges
    _assert_sent(name, exchange)
    assert plain(value) == (IMAGE if answer is None else _value_of(name, answer["data"]))


@pytest.mark.parametrize("name", METHODS)
async def test_the_simulator_answers_the_page_s_request_as_the_page_does(name: str) -> None:
    async with running_simulator(company_for(name)) as simulator:
        transport = RecordingTransport(httpx2.AsyncHTTPTransport(trust_env=False))
        async with _open(transport, simulator.url) as client:
            value = await CALLS[name].but(**OTHERWISE.get(name, {})).put_to(client)
    (exchange,) = transport.exchanges
    _assert_sent(name, exchange, OTHERWISE.get(name))
    if METHODS[name].answer is None:
        assert (value, exchange.answer.headers["content-type"]) == (bytes(1228), "image/png")
        return
    answer, expected = json.loads(exchange.received), METHODS[name].answer
    assert plain(value) == _value_of(name, answer["data"]), "nothing is lost on the way"
    if name in MORE_FIELDS:
        answer["data"] = _only_fields_of(expected["data"], answer["data"])
    for key in MADE_UP.get(name, ()):
        assert isinstance(answer["data"][key], str)
        answer["data"][key] = expected["data"][key]
    assert answer == expected


def _only_fields_of(expected: Any, shown: Any) -> Any:
    """The apps that were shown, without those apps and fields that are not expected."""
    if isinstance(expected, list):
        by_id = {app["id"]: app for app in shown}
        return [_only_fields_of(app, by_id[app["id"]]) for app in expected]
    wanted = [each["id"] for each in expected["fields"]]
    fields = {each["id"]: each for each in shown["fields"]}
    return {**shown, "fields": [fields[field_id] for field_id in wanted]}


async def test_the_filter_by_ids_finds_the_page_s_records() -> None:
    listed = METHODS["list_records"].answer["data"]
    ids = [record["id"] for record in listed]
    assert "/records/apps/app_id/filter?ids=[record1_id, record2_id, record3_id]" in (
        METHODS["filter_records"].resources
    )
    async with running_simulator(company_for("list_records")) as simulator:
        transport = RecordingTransport(httpx2.AsyncHTTPTransport(trust_env=False))
        async with _open(transport, simulator.url) as client:
            found = await PageCall("records.by_ids", ("id5dcd", ids)).put_to(client)
    assert transport.exchanges[0].request.url.params["ids"] == f"[{','.join(ids)}]"
    assert sorted(found, key=lambda record: ids.index(record["id"])) == listed


async def test_a_deleted_record_is_shown_to_who_asks_for_it() -> None:
    async with (
        running_simulator(company_for("get_deleted_record")) as simulator,
        _open(httpx2.AsyncHTTPTransport(trust_env=False), simulator.url) as client,
    ):
        record = await client.records.get("i59adb", include_deleted=True)
    assert record == METHODS["get_deleted_record"].answer["data"]


async def test_a_file_in_a_record_is_listed_there() -> None:
    async with (
        running_simulator(company_for("create_file")) as simulator,
        _open(httpx2.AsyncHTTPTransport(trust_env=False), simulator.url) as client,
    ):
        made = await CALLS["create_file"].but(record_id="i30000", field_id="files").put_to(client)
        record = await client.records.get("i30000")
    assert made.id == MADE_IDS["create_file"]
    assert record["files"] == ["ia4f42", made.id]
