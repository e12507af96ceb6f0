"""What an administrator and a person do to the instance, over the control routes; no socket."""

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from service.dev.simulators.onspring.example import NAME, STATUS, STATUSES, TASKS, example_state
from service.dev.simulators.onspring.state import OnspringState
from tests.fixtures.onspring_simulator import API_KEY, onspring_without_sockets

_OUTCOME = {
    "app_id": TASKS,
    "url": "https://relay.test/hook",
    "auth": {"type": "basic", "user": "a", "password": "b"},
}


@pytest.fixture
def state() -> OnspringState:
    return example_state(key=API_KEY)


@pytest.fixture
async def api(state: OnspringState) -> AsyncIterator[httpx2.AsyncClient]:
    async with onspring_without_sockets(state) as client:
        yield client


async def test_an_app_is_set_up_and_taken_away(api: httpx2.AsyncClient) -> None:
    for path, body in {
        "/apps/7": {"name": "Findings"},
        "/fields/70": {"app_id": 7, "name": "Kind", "type": "List", "list_id": 71},
        "/fields/72": {"app_id": 7, "name": "Delegates", "type": "SurveyDelegation"},
        "/lists/71": {"values": [{"id": "b235afb2-b786-4c87-bce9-fbd700e246c1", "name": "Major"}]},
        "/reports/73": {"app_id": 7, "name": "All", "field_ids": [70], "filter": "70 contains 'Major'"},
    }.items():
        assert (await api.put(f"/_sim{path}", json=body)).status_code == 200, path
    made = (await api.post("/_sim/records/7", json={"70": "b235afb2-b786-4c87-bce9-fbd700e246c1"})).json()
    assert (await api.get("/Reports/id/73")).json() == {
        "columns": ["Kind"],
        "rows": [{"recordId": made["id"], "cells": ["Major"]}],
    }
    types = [field["type"] for field in (await api.get("/Fields/appId/7")).json()["items"]]
    assert types == ["List", "SurveyDelegation"]
    assert (await api.delete("/_sim/apps/7")).json() == {"id": 7}
    assert (await api.get("/Apps/id/7")).status_code == 404


async def test_an_unknown_type_is_sent_as_it_is_kept(api: httpx2.AsyncClient, state: OnspringState) -> None:
    await api.put("/_sim/fields/72", json={"app_id": TASKS, "name": "Delegates", "type": "SurveyDelegation"})
    record = state.records.find(TASKS, 1)
    assert record is not None
    state.records.update(record, {72: [{"name": "Severus"}]})
    shown = (await api.get(f"/Records/appId/{TASKS}/recordId/1?fieldIds=72")).json()["fieldData"]
    assert shown == [{"type": "DelegateList", "fieldId": 72, "value": [{"name": "Severus"}]}]


async def test_keys_with_their_slash_come_and_go(api: httpx2.AsyncClient, state: OnspringState) -> None:
    role = {"name": "reader", "apps": {str(TASKS): ["read"]}}
    assert (await api.put("/_sim/keys/00ff/00000000-ffff", json=role)).json()["name"] == "reader"
    async with onspring_without_sockets(state, key="00ff/00000000-ffff") as reader:
        assert (await reader.get("/Apps")).json()["totalRecords"] == 1
        await api.delete("/_sim/keys/00ff/00000000-ffff")
        assert (await reader.get("/Apps")).status_code == 401


async def test_a_person_edits_records(api: httpx2.AsyncClient, state: OnspringState) -> None:
    assert (await api.patch(f"/_sim/records/{TASKS}/1", json={str(NAME): "Edited"})).json() == {"id": 1}
    made = await api.post(f"/_sim/bulk/{TASKS}", json={"count": 2, "values": {str(NAME): "Task {number}"}})
    assert made.json() == {"ids": [4, 5]}
    assert (await api.delete(f"/_sim/records/{TASKS}/2")).json() == {"id": 2}
    names = [record.values[NAME] for record in state.records.of(TASKS)]
    assert names == ["Edited", "Close the finding", "Task 0", "Task 1"]
    shown = (await api.get("/_sim/state")).json()
    assert (shown["counts"][str(TASKS)], len(shown["records"][str(TASKS)])) == (4, 4)
    assert shown["calls"] == []
    assert (await api.get("/_sim/state?records=false")).json()["records"] == {}


async def test_outcomes_are_checked_and_shown(api: httpx2.AsyncClient) -> None:
    assert (await api.put("/_sim/outcomes/1", json=_OUTCOME)).status_code == 200
    (shown,) = (await api.get("/_sim/state")).json()["outcomes"]
    assert (shown["id"], shown["retries"], shown["timeout"]) == (1, 0, 30.0)
    for wrong in ({"filter": "1 eq"}, {"filter": "1 isnull"}, {"answers": {"a": 1}}, {"method": "HEAD"}):
        assert (await api.put("/_sim/outcomes/1", json=_OUTCOME | wrong)).status_code == 400, wrong


@pytest.mark.parametrize(
    ("verb", "path", "body", "status"),
    [
        ("POST", f"/records/{TASKS}", {str(STATUS): "Complete"}, 400),
        ("POST", f"/records/{TASKS}", {"1": "x"}, 404),
        ("POST", "/records/999", {}, 404),
        ("PATCH", f"/records/{TASKS}/99", {}, 404),
        ("DELETE", "/keys/nobody", None, 404),
        ("PUT", "/lists/1", {"values": [{}]}, 400),
        ("POST", "/switches", {"quote_escape": "never"}, 400),
    ],
)
async def test_wrong_controls_say_so(
    api: httpx2.AsyncClient, verb: str, path: str, body: Any, status: int
) -> None:
    answer = await api.request(verb, f"/_sim{path}", json=body)
    assert answer.status_code == status
    assert answer.json()["error"]


async def test_switches_are_turned_and_put_back(api: httpx2.AsyncClient, state: OnspringState) -> None:
    first = (await api.get("/_sim/switches")).json()
    wanted = {"quote_escape": "backslash", "file_limit": 5, "deliveries.drop_next": 1}
    assert (await api.post("/_sim/switches", json=wanted)).json() == {**first, **wanted}
    query = {"appId": TASKS, "filter": f"{NAME} eq 'Review the vendor\\'s contract'"}
    assert (await api.post("/Records/Query", json=query)).json()["totalRecords"] == 1
    assert (await api.delete("/_sim/switches")).json() == first
    assert state.settings.quote_escape == "doubled"
    assert (await api.post("/Records/Query", json=query)).status_code == 400


@pytest.mark.parametrize(("fires", "expected"), [(True, 1), (False, 0)])
async def test_writes_through_the_api_may_set_nothing_off(
    api: httpx2.AsyncClient, state: OnspringState, fires: bool, expected: int
) -> None:
    state.settings.api_writes_fire = fires
    told: list[int] = []
    state.records.listeners.append(lambda _happening, record: told.append(record.id))
    await api.put("/Records", json={"appId": TASKS, "recordId": 1, "fields": {str(NAME): "x"}})
    assert len(told) == expected


async def test_wrong_answers_are_given_as_they_are_asked_for(
    api: httpx2.AsyncClient, state: OnspringState
) -> None:
    faults = {"answers": [{"status": 429, "retry_after": 5}, {"status": 500, "takes_effect": True}]}
    assert (await api.post("/_sim/faults", json=faults)).status_code == 200
    limited = await api.get("/Apps")
    assert (limited.status_code, limited.headers["retry-after"]) == (429, "5")
    failed = await api.delete(f"/Records/appId/{TASKS}/recordId/1")
    assert (failed.status_code, list(failed.json())) == (500, ["message"])
    assert state.records.find(TASKS, 1) is None
    assert (await api.get("/Apps")).status_code == 200


async def test_a_value_that_left_its_list_is_shown_no_more(api: httpx2.AsyncClient) -> None:
    await api.put(f"/_sim/lists/{STATUSES}", json={"values": []})
    for data_format in ("Raw", "Formatted"):
        path = f"/Records/appId/{TASKS}/recordId/1?fieldIds={STATUS},{NAME}&dataFormat={data_format}"
        shown = (await api.get(path)).json()["fieldData"]
        assert [each["fieldId"] for each in shown] == [NAME]


async def test_a_required_attachment_may_come_after_its_record(api: httpx2.AsyncClient) -> None:
    field = {"app_id": TASKS, "name": "Evidence", "type": "Attachment", "is_required": True}
    await api.put("/_sim/fields/7000", json=field)
    save = {"appId": TASKS, "fields": {str(NAME): "x"}}
    assert (await api.put("/Records", json=save)).status_code == 201
    assert (await api.put("/Records", json={**save, "fields": {"7000": [1]}})).status_code == 400
