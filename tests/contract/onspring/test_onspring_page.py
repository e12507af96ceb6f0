"""Every endpoint of Onspring's page, called through the client: the page's request, its answer as values."""

import hashlib
import inspect
import json
import os
import re
from pathlib import Path
from typing import Any

import httpx2
import pytest
from pydantic import TypeAdapter

from service.onspring import endpoints
from service.onspring.client import OnspringClient
from service.onspring.endpoints import Endpoint, Gives
from service.onspring.models import AnyField, App, FileInfo, ListValue, Record, ReportData, ReportRow
from service.onspring.models.value import VALUE_TYPES, AnyValue
from tests.fixtures.fusioo_client import Recorder
from tests.fixtures.multipart import read_form
from tests.fixtures.onspring_calls import page_calls, plain
from tests.fixtures.onspring_client import BASE, KEY, client_over
from tests.fixtures.onspring_page import (
    as_table,
    page_digest,
    page_objects,
    page_samples,
    read_objects,
    read_page,
)

PAGE = os.environ.get("ONSPRING_PAGE")
SAMPLES = page_samples()

NOT_ON_THE_PAGE = {
    "apps.walk",
    "reports.walk",
    "fields.walk",
    "records.walk",
    "records.walk_query",
    "records.by_ids",
}
"""Methods of the client that make several calls of an endpoint on the page, or, for a batch, exactly one."""
NOT_CALLS = {"open", "aclose"}


def _answer(name: str) -> httpx2.Response:
    sample = SAMPLES[name]
    if sample.text is not None:
        return httpx2.Response(200, text=sample.text)
    return httpx2.Response(204) if sample.answer is None else httpx2.Response(200, json=sample.answer)


def _given(name: str) -> Any:
    """What our method is to give for the page's answer."""
    sample = SAMPLES[name]
    if sample.text is not None:
        return sample.text.encode()
    answer = sample.answer
    if name in {"save_list_value", "create_file"}:
        return answer["id"]
    return answer["items"] if name in {"get_apps", "get_fields", "get_records"} else answer


@pytest.mark.skipif(PAGE is None, reason="ONSPRING_PAGE names no text of the vendor's page")
def test_the_table_is_the_page() -> None:
    text = Path(PAGE or "").read_text("utf-8")
    assert read_page(text) == list(SAMPLES.values())
    assert [(each["title"], each["value"]) for each in read_objects(text)] == list(page_objects())
    assert hashlib.sha256(text.encode()).hexdigest() == page_digest()


PIECE = """POST /Things
Click to Copy
curl --location 'https://api.onspring.com/Things' \\
--header 'X-ApiKey: k' \\
--data '{
  "a": "it'\\''s",
}'
RESPONSE
Click to Copy
{
  "id": 1
}

DELETE Things/batch-delete
Click to Copy
curl --location 'https://api.onspring.com/Things/batch-delete' \\
--data '[1]'
"""


def test_the_reader_sees_every_part_of_a_sample() -> None:
    made, deleted = read_page(PIECE)
    assert (made.verb, made.path, made.body, made.answer) == ("POST", "/Things", {"a": "it's"}, {"id": 1})
    assert (deleted.verb, deleted.body, deleted.answer) == ("POST", [1], None)


def test_every_sample_of_the_page_has_a_call_and_an_endpoint() -> None:
    assert len(SAMPLES) == 22
    assert list(page_calls()) == list(SAMPLES)
    table = {name: value for name, value in vars(endpoints).items() if isinstance(value, Endpoint)}
    assert set(table) == {name.upper() for name in SAMPLES}
    for name, sample in SAMPLES.items():
        endpoint = table[name.upper()]
        assert endpoint.method == sample.verb
        assert re.fullmatch(re.sub(r"\{\w+\}", r"[\\w-]+", endpoint.path), sample.path)
        gives = Gives.FILE if sample.text else Gives.NOTHING if sample.answer is None else Gives.JSON
        assert endpoint.gives is gives


def test_every_method_of_the_client_is_on_the_page_or_has_a_reason() -> None:
    client = client_over(Recorder(httpx2.Response(200)))
    found = {name for name, _ in inspect.getmembers(OnspringClient, inspect.isfunction) if name[0] != "_"}
    for name, resource in vars(client).items():
        if name[0] != "_":
            members = inspect.getmembers(type(resource), inspect.isfunction)
            found |= {f"{name}.{member}" for member, _ in members if member[0] != "_"}
    called = {call.method for call in page_calls().values()}
    assert found - called - NOT_CALLS == NOT_ON_THE_PAGE


@pytest.mark.parametrize("name", SAMPLES)
async def test_the_page_s_request_goes_out_and_its_answer_is_understood(name: str) -> None:
    sample, onspring = SAMPLES[name], Recorder(_answer(name))
    async with client_over(onspring) as client:
        value = await page_calls()[name].put_to(client)
    sent = onspring.last
    assert (sent.method, str(sent.url)) == (sample.verb, BASE + sample.path)
    assert (sent.headers["x-apikey"], sent.headers["x-api-version"]) == (KEY, "2")
    if sample.form:
        parts = {part.field: part for part in read_form(sent.headers["content-type"], sent.content)}
        assert parts.pop("File").name == sample.form["file"].strip('@"')
        # The specification begins the names with capitals; the form's empty `modifiedDate` is left out.
        shown = {name[0].upper() + name[1:]: value for name, value in sample.form.items() if value}
        del shown["File"]
        assert {name: part.content.decode() for name, part in parts.items()} == shown
    else:
        assert (json.loads(sent.content) if sent.content else None) == sample.body
    assert plain(value) == _given(name)


SHAPES: dict[str, TypeAdapter[Any]] = {
    "APP": TypeAdapter(App),
    "FIELD": TypeAdapter(AnyField),
    "FIELD VALUES": TypeAdapter(AnyValue),
    "FILE INFORMATION": TypeAdapter(FileInfo),
    "FORMULA FIELD": TypeAdapter(AnyField),
    "LIST FIELD": TypeAdapter(AnyField),
    "LIST VALUE": TypeAdapter(ListValue),
    "RECORD": TypeAdapter(Record),
    "REFERENCE FIELD": TypeAdapter(AnyField),
    "REPORT DATA": TypeAdapter(ReportData),
    "REPORT ROW": TypeAdapter(ReportRow),
}


def _shape(title: str, value: Any) -> TypeAdapter[Any]:
    if title in SHAPES:
        return SHAPES[title]
    return TypeAdapter(ReportData if "columns" in value else Record)


@pytest.mark.parametrize(("title", "value"), page_objects())
def test_every_object_of_the_page_is_read_and_loses_nothing(title: str, value: Any) -> None:
    read = _shape(title, value).validate_python(value)
    expected = value
    if title in {"RAW", "FORMATTED"} and "columns" in value:
        expected = {**value, "rows": [{"cells": row} for row in value["rows"]]}
    assert plain(read) == expected


def test_the_page_shows_every_type_of_value() -> None:
    shown = {value["type"] for title, value in page_objects() if title == "FIELD VALUES"}
    assert shown == set(VALUE_TYPES)


def test_the_table_can_be_made_again() -> None:
    assert as_table(SAMPLES)["ping"]["path"] == "/Ping"
