"""What the page says of each endpoint, asked of the simulator without a socket."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from service.dev.simulators.onspring.access import ApiKey
from service.dev.simulators.onspring.app import ENDPOINTS
from service.dev.simulators.onspring.example import (
    COMPLETE,
    DESCRIPTION,
    DUE_DATE,
    ESTIMATE,
    IN_PROGRESS,
    NAME,
    NOT_STARTED,
    OWNER,
    RECORD_ID,
    REMINDER,
    STATUS,
    STATUSES,
    TAGS,
    TASKS,
    URGENT,
    USERNAME,
    USERS,
    example_state,
)
from service.dev.simulators.onspring.state import OnspringState
from tests.fixtures.onspring_simulator import API_KEY, onspring_without_sockets

_NOW = datetime(2024, 9, 20, 12, tzinfo=UTC)
_FIELDS = [NAME, STATUS, OWNER, DUE_DATE, DESCRIPTION, RECORD_ID, TAGS, ESTIMATE]


@pytest.fixture
def state() -> OnspringState:
    return example_state(key=API_KEY, clock=lambda: _NOW)


@pytest.fixture
async def api(state: OnspringState) -> AsyncIterator[httpx2.AsyncClient]:
    async with onspring_without_sockets(state) as client:
        yield client


@pytest.fixture
async def guest(state: OnspringState) -> AsyncIterator[httpx2.AsyncClient]:
    """Somebody who may read Tasks, but neither its description nor anything else."""
    state.keys["guest"] = ApiKey("guest", apps={TASKS: {"read"}}, hidden_fields={DESCRIPTION})
    async with onspring_without_sockets(state, key="guest") as client:
        yield client


def _data(record: dict[str, Any]) -> dict[int, tuple[str, Any]]:
    return {each["fieldId"]: (each["type"], each["value"]) for each in record["fieldData"]}


async def test_ping_needs_no_key_and_says_nothing(state: OnspringState) -> None:
    async with onspring_without_sockets(state, key="wrong") as stranger:
        answer = await stranger.get("/Ping")
    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize(
    ("body", "kind"), [("html", "text/html"), ("empty", ""), ("json", "application/json")]
)
async def test_a_wrong_key_is_answered_in_three_ways(state: OnspringState, body: Any, kind: str) -> None:
    state.settings.unauthorized_body = body
    async with onspring_without_sockets(state, key="wrong") as stranger:
        answer = await stranger.get("/Apps")
    assert answer.status_code == 401
    assert answer.headers.get("content-type", "").partition(";")[0] == kind


async def test_a_disabled_key_opens_nothing_and_an_inactive_role_may_nothing(
    api: httpx2.AsyncClient, state: OnspringState
) -> None:
    state.keys[API_KEY].role_active = False
    answer = await api.get(f"/Apps/id/{TASKS}")
    assert (answer.status_code, answer.json()) == (
        403,
        {"message": f"Client does not have access to read app: {TASKS}"},
    )
    state.keys[API_KEY].enabled = False
    assert (await api.get("/Apps")).status_code == 401


async def test_apps_are_listed_got_and_batched(api: httpx2.AsyncClient) -> None:
    tasks = {"href": f"https://onspring.test/Apps/id/{TASKS}", "id": TASKS, "name": "Tasks"}
    assert (await api.get("/Apps", params={"PageSize": 2, "PageNumber": 2})).json() == {
        "pageNumber": 2,
        "pageSize": 2,
        "totalPages": 2,
        "totalRecords": 3,
        "items": [tasks],
    }
    assert (await api.get(f"/Apps/id/{TASKS}")).json() == tasks
    batch = (await api.post("/Apps/batch-get", json=[TASKS, 999])).json()
    assert batch == {"count": 1, "items": [tasks]}
    assert (await api.get("/Apps/id/999")).status_code == 404


@pytest.mark.parametrize(
    "query", ["PageSize=-1", "PageSize=0", "PageSize=1001", "PageNumber=0", "PageSize=x"]
)
@pytest.mark.parametrize("path", ["/Apps", f"/Fields/appId/{TASKS}", f"/Reports/appId/{TASKS}"])
async def test_a_page_has_1_to_1000(api: httpx2.AsyncClient, path: str, query: str) -> None:
    answer = await api.get(f"{path}?{query}")
    assert answer.status_code == 400
    assert answer.json()["message"].startswith("Page")


@pytest.mark.parametrize("ids", [[], list(range(1, 102)), "1", [1.5], [True]])
async def test_a_batch_takes_1_to_100_ids(api: httpx2.AsyncClient, ids: Any) -> None:
    bodies = {
        "/Apps/batch-get": ids,
        "/Fields/batch-get": ids,
        "/Records/batch-get": {"appId": TASKS, "recordIds": ids},
        "/Records/batch-delete": {"appId": TASKS, "recordIds": ids},
    }
    statuses = [(await api.post(path, json=body)).status_code for path, body in bodies.items()]
    assert statuses == [400, 400, 400, 400]


async def test_fields_are_shown_with_what_their_type_has(api: httpx2.AsyncClient) -> None:
    status = (await api.get(f"/Fields/id/{STATUS}")).json()
    assert (status["type"], status["multiplicity"], status["listId"]) == ("List", "SingleSelect", STATUSES)
    assert status["values"][0] == {
        "id": IN_PROGRESS,
        "name": "In Progress",
        "sortOrder": 1,
        "numericValue": 1.0,
        "color": "#db3e3e",
    }
    batch = (await api.post("/Fields/batch-get", json=[OWNER, NAME])).json()
    owner, name = batch["items"]
    assert (owner["multiplicity"], owner["referencedAppId"]) == ("SingleSelect", USERS)
    assert name == {
        "id": NAME,
        "appId": TASKS,
        "name": "Name",
        "type": "Text",
        "status": "Enabled",
        "isRequired": True,
        "isUnique": False,
    }
    listed = (await api.get(f"/Fields/appId/{TASKS}")).json()
    assert [field["id"] for field in listed["items"]] == sorted(field["id"] for field in listed["items"])


async def test_list_values_are_made_changed_and_deleted(api: httpx2.AsyncClient) -> None:
    path = f"/Lists/id/{STATUSES}/items"
    made = await api.put(path, json={"id": None, "name": "Waiting", "numericValue": 1.5, "color": "#fff"})
    value_id = made.json()["id"]
    changed = await api.put(path, json={"id": value_id, "name": "On hold"})
    assert (made.status_code, changed.status_code, changed.json()) == (201, 200, {"id": value_id})
    values = (await api.get(f"/Fields/id/{STATUS}")).json()["values"]
    assert [value["name"] for value in values] == ["In Progress", "Complete", "Not Started", "On hold"]
    gone = await api.delete(f"/Lists/id/{STATUSES}/itemId/{IN_PROGRESS}")
    assert (gone.status_code, gone.content) == (204, b"")
    record = (await api.get(f"/Records/appId/{TASKS}/recordId/1")).json()
    assert STATUS not in _data(record)
    assert (await api.delete(f"/Lists/id/{STATUSES}/itemId/{IN_PROGRESS}")).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"name": ""},
        {"name": "complete"},
        {"name": "x", "color": "red"},
        {"name": "x", "numericValue": "1"},
        {"name": "x", "id": "8b0c6e0e-5b1f-4f57-9c5f-6c8d2b9d8f00"},
    ],
)
async def test_a_wrong_list_value_is_refused(api: httpx2.AsyncClient, body: dict[str, Any]) -> None:
    assert (await api.put(f"/Lists/id/{STATUSES}/items", json=body)).status_code == 400


async def test_raw_and_formatted_records(api: httpx2.AsyncClient) -> None:
    path, fields = f"/Records/appId/{TASKS}/recordId/1", ",".join(map(str, _FIELDS))
    raw = _data((await api.get(path, params={"fieldIds": fields})).json())
    assert raw == {
        NAME: ("String", "Test Task 1"),
        STATUS: ("Guid", IN_PROGRESS),
        OWNER: ("Integer", 1),
        DUE_DATE: ("Date", "2021-12-31T06:00:00Z"),
        DESCRIPTION: ("String", "<p>This is a test!</p>"),
        RECORD_ID: ("Integer", 2),
        TAGS: ("GuidList", [URGENT]),
        ESTIMATE: ("Decimal", 100),
    }
    formatted = _data((await api.get(path, params={"fieldIds": fields, "dataFormat": "Formatted"})).json())
    assert formatted == raw | {
        STATUS: ("String", "In Progress"),
        DUE_DATE: ("String", "12/31/2021 6:00 AM"),
        DESCRIPTION: ("String", "This is a test!"),
        RECORD_ID: ("String", "recordId-2"),
        TAGS: ("StringList", ["Urgent"]),
        ESTIMATE: ("String", "$100 dollars"),
    }
    assert (await api.get(path, params={"dataFormat": "raw "})).status_code == 400


async def test_a_report_is_raw_or_formatted_or_a_chart(api: httpx2.AsyncClient) -> None:
    raw = (await api.get("/Reports/id/613")).json()
    assert raw["columns"] == ["Name", "Owner", "Due Date", "Status", "Description"]
    assert raw["rows"][0] == {
        "recordId": 1,
        "cells": ["Test Task 1", "TestUser", "12/31/2021 6:00 AM", "In Progress", "<p>This is a test!</p>"],
    }
    assert raw["rows"][2]["cells"][4] is None
    formatted = (await api.get("/Reports/id/613", params={"apiDataFormat": "Formatted"})).json()
    assert formatted["rows"][0]["cells"][4] == "This is a test!"
    chart = (await api.get("/Reports/id/613", params={"dataType": "ChartData"})).json()
    assert [row["cells"] for row in chart["rows"]] == [
        ["Complete", 1],
        ["In Progress", 1],
        ["Not Started", 1],
    ]
    assert (await api.get("/Reports/id/613", params={"dataType": "Pie"})).status_code == 400
    assert (await api.get("/Reports/id/1")).status_code == 404


async def test_records_are_batched_queried_and_paged(api: httpx2.AsyncClient) -> None:
    body = {"appId": TASKS, "recordIds": [3, 99, 1], "fieldIds": [NAME]}
    batch = (await api.post("/Records/batch-get", json=body)).json()
    assert (batch["count"], [each["recordId"] for each in batch["items"]]) == (2, [3, 1])
    query = {"appId": TASKS, "filter": f"{NAME} notnull", "fieldIds": [NAME]}
    page = (await api.post("/Records/Query?PageSize=2&pagenumber=2", json=query)).json()
    assert (page["pageNumber"], page["totalPages"], page["totalRecords"]) == (2, 2, 3)
    assert [each["recordId"] for each in page["items"]] == [3]
    beyond = (await api.post("/Records/Query?PageNumber=9", json=query)).json()
    assert beyond["items"] == []


@pytest.mark.parametrize(
    "body",
    [
        {"appId": TASKS},
        {"appId": TASKS, "filter": " "},
        {"appId": TASKS, "filter": f"{NAME} eq"},
        {"filter": f"{NAME} notnull"},
        {"appId": TASKS, "filter": f"{NAME} notnull", "fieldIds": "1"},
    ],
)
async def test_a_query_needs_an_app_and_a_filter(api: httpx2.AsyncClient, body: dict[str, Any]) -> None:
    assert (await api.post("/Records/Query", json=body)).status_code == 400


async def test_a_record_is_made_changed_and_deleted(api: httpx2.AsyncClient, state: OnspringState) -> None:
    fields = {
        str(NAME): "A New Test Task",
        str(DUE_DATE): "12/25/2021",
        str(STATUS): COMPLETE.upper(),
        str(OWNER): [4],
        str(REMINDER): {"quantity": 10, "increment": "Minutes", "recurrence": "None"},
    }
    made = await api.put("/Records", json={"appId": TASKS, "recordId": None, "fields": fields})
    assert (made.status_code, made.json()) == (201, {"id": 4, "warnings": []})
    changed = {"appId": TASKS, "recordId": 4, "fields": {str(STATUS): NOT_STARTED, str(OWNER): None}}
    answer = await api.put("/Records", json=changed)
    assert (answer.status_code, answer.json()) == (200, {"id": 4, "warnings": []})
    path = f"/Records/appId/{TASKS}/recordId/4"
    data = _data((await api.get(path)).json())
    assert (data[STATUS], data[DUE_DATE]) == (("Guid", NOT_STARTED), ("Date", "2021-12-25T00:00:00Z"))
    assert OWNER not in data
    assert data[REMINDER][1]["quantity"] == 10
    assert (await api.delete(path)).status_code == 204
    assert (await api.get(path)).status_code == 404
    assert (await api.put("/Records", json=changed)).status_code == 404
    assert state.records.next_id(TASKS) == 5  # an id is never given twice


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({}, "must not be empty"),
        ({STATUS: "Complete", NAME: "x"}, "is not the id of a value"),
        ({STATUS: [COMPLETE, NOT_STARTED], NAME: "x"}, "takes one value"),
        ({OWNER: 99, NAME: "x"}, "record 99 of app 2 could not be found"),
        ({ESTIMATE: "12", NAME: "x"}, "a number is expected"),
        ({DUE_DATE: "tomorrow", NAME: "x"}, "tomorrow"),
        ({NAME: 5}, "a text is expected"),
        ({RECORD_ID: 5, NAME: "x"}, "cannot be set"),
        ({REMINDER: {"quantity": 1, "increment": "Ages"}, NAME: "x"}, "increment"),
        ({DESCRIPTION: "no name"}, "is required"),
        ({1: "x"}, "Field 1 could not be found"),
    ],
)
async def test_a_wrong_save_says_why(api: httpx2.AsyncClient, fields: dict[int, Any], complaint: str) -> None:
    body = {"appId": TASKS, "fields": {str(field_id): value for field_id, value in fields.items()}}
    answer = await api.put("/Records", json=body)
    assert answer.status_code == 400
    assert complaint in answer.json()["message"]


async def test_unknown_fields_can_be_warned_of(api: httpx2.AsyncClient, state: OnspringState) -> None:
    state.settings.unknown_fields = "warned"
    answer = await api.put("/Records", json={"appId": TASKS, "fields": {str(NAME): "x", "1": "y"}})
    assert answer.status_code == 201
    assert answer.json()["warnings"] == [f"Field 1 could not be found in app {TASKS}"]


async def test_a_unique_field_takes_each_value_once(api: httpx2.AsyncClient) -> None:
    body = {"appId": USERS, "fields": {str(USERNAME): "Severus"}}
    assert "must be unique" in (await api.put("/Records", json=body)).json()["message"]
    assert (await api.put("/Records", json={**body, "recordId": 2})).status_code == 200


async def test_a_batch_delete_says_204_although_some_are_not_there(
    api: httpx2.AsyncClient, state: OnspringState
) -> None:
    answer = await api.post("/Records/batch-delete", json={"appId": TASKS, "recordIds": [1, 99]})
    assert answer.status_code == 204
    assert [record.id for record in state.records.of(TASKS)] == [2, 3]
    assert (await api.delete("/Records/batch-delete")).status_code == 405


async def test_a_role_sees_and_does_what_it_may(guest: httpx2.AsyncClient, state: OnspringState) -> None:
    assert [app["id"] for app in (await guest.get("/Apps")).json()["items"]] == [TASKS]
    assert (await guest.post("/Apps/batch-get", json=[USERS, TASKS])).json()["count"] == 1
    assert (await guest.get(f"/Fields/id/{DESCRIPTION}")).status_code == 403
    path = f"/Records/appId/{TASKS}/recordId/1?fieldIds={NAME},{DESCRIPTION}"
    assert list(_data((await guest.get(path)).json())) == [NAME]
    state.settings.hidden_fields = "refused"
    refused = await guest.get(path)
    assert (refused.status_code, refused.json()["message"]) == (
        403,
        f"Client does not have access to read field: {DESCRIPTION}",
    )
    save = {"appId": TASKS, "fields": {str(NAME): "x"}}
    assert (await guest.put("/Records", json=save)).status_code == 403
    assert (await guest.delete(f"/Records/appId/{TASKS}/recordId/1")).status_code == 403
    assert (await guest.put(f"/Lists/id/{STATUSES}/items", json={"name": "x"})).status_code == 403
    state.keys["guest"].apps[TASKS].add("create")
    state.keys["guest"].locked_fields.add(NAME)
    assert (await guest.put("/Records", json=save)).status_code == 403


async def test_too_large_and_too_slow_reads_are_refused(
    api: httpx2.AsyncClient, state: OnspringState
) -> None:
    state.settings.largest_answer = 1500
    path = f"/Records/appId/{TASKS}"
    large = await api.get(path)
    assert large.status_code == 400
    assert "size of the data requested was too large" in large.json()["message"]
    assert (await api.get(path, params={"PageSize": 1})).status_code == 200
    state.settings.largest_answer = 200
    assert "too large" in (await api.get("/Reports/id/613")).json()["message"]
    state.settings.largest_answer, state.settings.slowest_count = None, 2
    slow = await api.post("/Records/batch-get", json={"appId": TASKS, "recordIds": [1, 2, 3]})
    assert (slow.status_code, slow.headers["content-type"].partition(";")[0]) == (499, "text/html")
    assert (await api.get(path, params={"PageSize": 2})).status_code == 200


async def test_calls_are_logged_with_the_version_they_name(
    api: httpx2.AsyncClient, state: OnspringState
) -> None:
    await api.get("/Apps?PageSize=3")
    (call,) = state.calls
    assert (call.method, call.path, call.query) == ("GET", "/Apps", "PageSize=3")
    assert (call.api_version, call.status) == ("2", 200)


def test_it_has_every_endpoint_of_the_page() -> None:
    """22; two headings of the page are wrong: Get Report (`/id`) and Delete File (no `/file`)."""
    file = "/Files/recordId/{record_id:int}/fieldId/{field_id:int}/fileId/{file_id:int}"
    record = "/Records/appId/{app_id:int}/recordId/{record_id:int}"
    assert {(endpoint.method, endpoint.path) for endpoint in ENDPOINTS} == {
        ("GET", "/Ping"),
        ("GET", "/Apps"),
        ("GET", "/Apps/id/{app_id:int}"),
        ("POST", "/Apps/batch-get"),
        ("GET", "/Reports/appId/{app_id:int}"),
        ("GET", "/Reports/id/{report_id:int}"),
        ("GET", "/Fields/appId/{app_id:int}"),
        ("GET", "/Fields/id/{field_id:int}"),
        ("POST", "/Fields/batch-get"),
        ("PUT", "/Lists/id/{list_id:int}/items"),
        ("DELETE", "/Lists/id/{list_id:int}/itemId/{value_id}"),
        ("GET", "/Records/appId/{app_id:int}"),
        ("GET", record),
        ("POST", "/Records/batch-get"),
        ("POST", "/Records/Query"),
        ("PUT", "/Records"),
        ("DELETE", record),
        ("POST", "/Records/batch-delete"),
        ("GET", file),
        ("GET", f"{file}/file"),
        ("POST", "/Files"),
        ("DELETE", file),
    }
    assert len(ENDPOINTS) == 22


async def test_what_the_api_has_not_is_not_found(api: httpx2.AsyncClient) -> None:
    unknown, wrong_method = await api.get("/Nothing"), await api.post("/Apps")
    assert (unknown.status_code, unknown.json()) == (404, {"message": "Not Found"})
    assert wrong_method.status_code == 405


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [(b"[1", "application/json", 400), (b"[1]", "text/plain", 415), (b"[1]", "application/json", 200)],
)
async def test_a_body_is_json_and_says_so(
    api: httpx2.AsyncClient, content: bytes, kind: str, status: int
) -> None:
    answer = await api.post("/Apps/batch-get", content=content, headers={"content-type": kind})
    assert answer.status_code == status
