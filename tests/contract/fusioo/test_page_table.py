"""The table of the vendor's page is the whole page, and the client has a method for each of its methods.

The page itself is the vendor's and no part of this repository: with its text in a file that FUSIOO_PAGE
names, the table is compared with it, word for word.
"""

import hashlib
import inspect
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from service.fusioo import endpoints
from service.fusioo.client import FusiooClient
from service.fusioo.endpoints import Endpoint
from tests.fixtures.fusioo_client import Recorder, client_over, enveloped
from tests.fixtures.page_calls import page_calls
from tests.fixtures.page_table import page_digest, page_methods
from tests.fixtures.vendor_page import PageMethod, read_page

METHODS = page_methods()
PAGE = os.environ.get("FUSIOO_PAGE")

NOT_ON_THE_PAGE: dict[str, str] = {
    "records.by_ids": "the form `filter?ids=[…]` of the method that filters, with a limit of its own",
    "records.walk": "pages of `records.list` or `records.filter`, checked with `records.count`",
    "records.listed": "pages of `records.list`, for who keeps how far he has read",
    "records.walk_ids": "`records.by_ids`, as often as it takes",
    "records.newest": "pages of `records.list`, sorted by a stamp",
    "discussions.walk": "pages of `discussions.list`",
}
"""Methods of the client, each with what it is made of."""

NOT_CALLS = {"open", "aclose"}

PIECE = """\
Used to get a thing.
https://api.fusioo.com/v3/things/thing_id
thing_id |
The id of the thing.
|
Rate limited? | Yes |
Parameter | Description |
order |
optional - string Accepts asc or desc .
limit |
optional - integer
GET
https://api.fusioo.com/v3/things/i1?limit=5
cURL request
curl -X GET
"https://api.fusioo.com/v3/things/i1?limit=5"
{
"code": 10000,
"data": {"id": "i1"}
}
30001 | App access denied |
30105 | Limit is invalid |
Used to make a thing.
Resource URL
POSThttps://api.fusioo.com//v3/things
Rate limited? | No |
GET
https://api.fusioo.com/v3/things
Request body
{
"name": "x"
}
cURL request
"https://api.fusioo.com/v3/things"
{
"code": 10000,
"data": {}
}
Used to get a picture.
https://api.fusioo.com/v3/pictures/id
Rate limited? | Yes |
GET
https://api.fusioo.com/v3/pictures/i1
cURL request
"https://api.fusioo.com/v3/pictures/i1"
You will receive the picture.
30250 | File not found |
Some API methods accept a filter in the request body.
"""


def test_the_reader_of_the_page_sees_every_part_of_a_method() -> None:
    got, made, picture = read_page(PIECE)
    assert got == PageMethod(
        verb="GET",
        path="/things/i1?limit=5",
        resources=("/things/thing_id",),
        limited=True,
        parameters=("order", "limit"),
        body=None,
        answer={"code": 10000, "data": {"id": "i1"}},
        codes={"30001": "App access denied", "30105": "Limit is invalid"},
    )
    assert (made.verb, made.limited, made.body, made.codes) == ("POST", False, {"name": "x"}, {})
    assert (picture.path, picture.answer, list(picture.codes)) == ("/pictures/i1", None, ["30250"])


@pytest.mark.skipif(PAGE is None, reason="FUSIOO_PAGE names no text of the vendor's page")
def test_the_table_is_the_page() -> None:
    text = Path(PAGE or "").read_text("utf-8")
    assert read_page(text) == list(METHODS.values())
    assert hashlib.sha256(text.encode()).hexdigest() == page_digest()


def test_every_method_of_the_page_has_a_call() -> None:
    assert list(page_calls()) == list(METHODS)


def _methods_of_the_client() -> set[str]:
    client = client_over(Recorder(enveloped({})))
    found = {name for name, _ in inspect.getmembers(FusiooClient, inspect.isfunction) if name[0] != "_"}
    found -= NOT_CALLS
    for name, resource in vars(client).items():
        if name[0] != "_":
            members = inspect.getmembers(type(resource), inspect.isfunction)
            found |= {f"{name}.{member}" for member, _ in members if member[0] != "_"}
    return found


def test_every_method_of_the_client_is_on_the_page_or_has_a_reason() -> None:
    called = {call.method for call in page_calls().values()}
    assert _methods_of_the_client() - called == set(NOT_ON_THE_PAGE)


def _endpoints() -> dict[str, Endpoint]:
    return {name: value for name, value in vars(endpoints).items() if isinstance(value, Endpoint)}


def test_every_endpoint_is_on_the_page() -> None:
    assert set(_endpoints()) == {name.upper() for name in METHODS} | {"RECORDS_BY_IDS"}
    assert endpoints.RECORDS_BY_IDS.label == endpoints.FILTER_RECORDS.label


@pytest.mark.parametrize("name", METHODS)
def test_an_endpoint_has_the_verb_path_and_codes_of_the_page(name: str) -> None:
    endpoint, method = _endpoints()[name.upper()], METHODS[name]
    assert endpoint.method == method.verb
    assert re.fullmatch(re.sub(r"\{\w+\}", r"\\w+", endpoint.path), method.path.partition("?")[0])
    assert {error.code for error in endpoint.errors} == {int(code) for code in method.codes}
    assert endpoint.metered == method.limited


PARAMETERS: dict[str, tuple[str, Any, str]] = {
    "sort_by": ("sort_by", "due_date", "due_date"),
    "order": ("order", "desc", "desc"),
    "offset": ("offset", 7, "7"),
    "limit": ("limit", 0, "0"),
    "includeDeleted": ("include_deleted", True, "true"),
    "recordId": ("record_id", "i1", "i1"),
    "fieldId": ("field_id", "i2", "i2"),
}
"""How our client calls each parameter of the page; a value, and how it is sent."""

TOGETHER = {"recordId": {"field_id": "i2"}, "fieldId": {"record_id": "i1"}}
"""What must be given with it."""


@pytest.mark.parametrize(
    ("name", "parameter"), [(name, each) for name, method in METHODS.items() for each in method.parameters]
)
async def test_every_parameter_of_the_page_can_be_sent(name: str, parameter: str) -> None:
    keyword, value, sent = PARAMETERS[parameter]
    answer = METHODS[name].answer
    recorder = Recorder(enveloped(answer["data"]))
    async with client_over(recorder) as client:
        await page_calls()[name].but(**{keyword: value}, **TOGETHER.get(parameter, {})).put_to(client)
    assert recorder.last.url.params[parameter] == sent


def test_the_table_holds_no_prose_of_the_page() -> None:
    told = json.dumps([(method.resources, method.parameters) for method in METHODS.values()])
    assert "Used to" not in told
