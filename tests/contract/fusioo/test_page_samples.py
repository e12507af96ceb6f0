"""The sample requests of Fusioo's API v3 page, put to the simulator: it must answer the page's samples.

`samples/*.json` are copied from the page: one request and its answer each. `codes.json` holds the tables of
return codes below them.
"""

import json
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from service.dev.simulators.fusioo.documented import documented_state
from service.dev.simulators.fusioo.envelope import Code, body_of
from service.dev.simulators.fusioo.state import FusiooState
from tests.fixtures.simulator import TOKEN, running_simulator

_SAMPLES = Path(__file__).parent / "samples"


_Prepare = Callable[[FusiooState], None]
"""Brings the documented company into the state in which one sample was taken, where it differs."""

_MADE_IDS = {
    "create_record": "i59adb",
    "create_discussion": "id69f",
    "create_comment": "id69f",
    "create_file": "if330",
}


def _nothing(_state: FusiooState) -> None: ...


def _deleted_record(state: FusiooState) -> None:
    state.records.delete("i59adb", person="John Doe")


def _without_the_record(state: FusiooState) -> None:
    state.records.purge("i59adb")


def _owned(state: FusiooState) -> None:
    state.users[TOKEN].name = "Chris Mason"


def _listed(state: FusiooState) -> None:
    del state.webhooks["i59adb"], state.members["i59adb"]


def _updated_webhook(state: FusiooState) -> None:
    state.webhooks["i59adb"].app_id = "id5db"


_PREPARATIONS: dict[str, _Prepare] = {
    "ping": _nothing,
    "list_apps": _nothing,
    "get_app": _nothing,
    "count_records": _nothing,
    "count_filtered_records": _nothing,
    "create_record": _without_the_record,
    "get_record": _nothing,
    "list_records": _nothing,
    "filter_records": _nothing,
    "update_record": _nothing,
    "delete_record": _nothing,
    "get_deleted_record": _deleted_record,
    "create_discussion": _nothing,
    "list_discussions": _nothing,
    "get_discussion": _nothing,
    "delete_discussion": _owned,
    "create_comment": _nothing,
    "list_users": _listed,
    "get_user": _nothing,
    "get_file": _nothing,
    "create_file": _nothing,
    "delete_file": _nothing,
    "list_webhooks": _listed,
    "get_webhook": _nothing,
    "create_webhook": _nothing,
    "update_webhook": _updated_webhook,
    "delete_webhook": _nothing,
}
_SAID_AT = {"create_discussion": "2023-08-25T14:43:52", "create_comment": "2023-08-25T14:45:52"}


def _company(name: str) -> FusiooState:
    now = datetime.fromisoformat(_SAID_AT.get(name, "2024-01-01T00:00:00")).replace(tzinfo=UTC)
    state = documented_state(token=TOKEN, clock=lambda: now, approved_shown=name == "filter_records")
    _PREPARATIONS[name](state)
    if name in _MADE_IDS:
        state.coming_ids.append(_MADE_IDS[name])
    return state


def _sample(name: str) -> Any:
    return json.loads((_SAMPLES / f"{name}.json").read_text("utf-8"))


async def _ask(state: FusiooState, request: dict[str, Any]) -> Any:
    async with running_simulator(state) as simulator, simulator.client() as api:
        uploaded = {"file": ("uploaded-image.png", b"png", "image/png")}
        sent = {"files": uploaded} if request["path"] == "/files" else {"json": request["body"]}
        response = await api.request(request["method"], f"{simulator.url}{request['path']}", **sent)
    assert response.headers["content-type"] == "application/json"
    return response.json()


def test_every_sample_is_walked() -> None:
    assert {path.stem for path in _SAMPLES.glob("*.json")} - {"codes"} == set(_PREPARATIONS)


@pytest.mark.parametrize("name", [name for name in _PREPARATIONS if name not in {"list_apps", "get_app"}])
async def test_the_sample_request_gets_the_sample_answer(name: str) -> None:
    sample = _sample(name)
    if name == "list_discussions":  # the sample comes newest first, against the default that the page states
        sample["request"]["path"] += "&order=desc"
    answer = await _ask(_company(name), sample["request"])
    if name == "create_webhook":  # its id and secret are the provider's to choose
        for made in ("id", "secret"):
            assert isinstance(answer["data"][made], str)
            answer["data"][made] = sample["answer"]["data"][made]
    assert answer == sample["answer"]


@pytest.mark.parametrize("name", ["list_apps", "get_app"])
async def test_apps_have_the_sample_s_fields_and_more(name: str) -> None:
    sample = _sample(name)
    answer = await _ask(_company(name), sample["request"])
    if name == "get_app":  # the same comparison, of one
        answer["data"], sample["answer"]["data"] = [answer["data"]], [sample["answer"]["data"]]
    shown = {app["id"]: app for app in answer.pop("data")}
    expected = sample["answer"].pop("data")
    assert answer == sample["answer"]
    for app in expected:
        fields = {field["id"]: field for field in app.pop("fields")}
        shown_fields = {field["id"]: field for field in shown[app["id"]].pop("fields")}
        assert shown[app["id"]] == app
        assert fields == {field_id: shown_fields[field_id] for field_id in fields}


async def test_the_ids_form_of_the_filter_finds_the_page_s_records() -> None:
    listed = _sample("list_records")["answer"]
    ids = ", ".join(record["id"] for record in listed["data"])  # the page writes blanks after the commas
    request = {"method": "POST", "path": f"/records/apps/id5dcd/filter?ids=[{ids}]", "body": {}}
    assert await _ask(_company("list_records"), request) == listed


def test_every_documented_code_has_the_page_s_message() -> None:
    documented = defaultdict(set)
    for table in _sample("codes").values():
        for code, text in table.items():
            documented[int(code)].add(text)  # some mean another thing at another endpoint
    assert set(documented) == {int(code) for code in Code if code >= 30000}
    for code in documented:
        assert body_of(code, None)["message"] in documented[code]


@pytest.mark.parametrize(
    ("name", "code", "path", "body"),
    [
        ("count_records", 30000, "/records/apps/i0/count", None),
        ("count_filtered_records", 30000, "/records/apps/i0/count/filter", {}),
        ("create_record", 30000, "/records/apps/i0", {}),
        ("create_record", 30050, "/records/apps/ia4f42", {"notes": "No title"}),
        ("get_record", 30051, "/records/i0", None),
        ("list_records", 30000, "/records/apps/i0", None),
        ("list_records", 30100, "/records/apps/ia4f42?sort_by=colour", None),
        ("list_records", 30101, "/records/apps/i5hs4?sort_by=files", None),
        ("list_records", 30103, "/records/apps/ia4f42?order=up", None),
        ("list_records", 30104, "/records/apps/ia4f42?offset=-1", None),
        ("list_records", 30105, "/records/apps/ia4f42?limit=201", None),
        ("filter_records", 30000, "/records/apps/i0/filter", {}),
        ("filter_records", 30105, "/records/apps/ia4f42/filter?limit=x", {}),
        ("update_record", 30051, "/records/i0", {}),
        ("delete_record", 30051, "/records/i0", None),
        ("get_deleted_record", 30051, "/trash/records/i0", None),
        ("get_app", 30000, "/apps/i0", None),
        ("create_discussion", 30051, "/discussions/records/i0", {"content": "x"}),
        ("create_discussion", 30057, "/discussions/records/ia4f42", {"content": " "}),
        ("create_discussion", 30058, "/discussions/records/ia4f42", {"content": "x" * 10_001}),
        ("list_discussions", 30051, "/discussions/records/i0", None),
        ("list_discussions", 30103, "/discussions/records/id5dcd?order=up", None),
        ("list_discussions", 30104, "/discussions/records/id5dcd?offset=x", None),
        ("list_discussions", 30105, "/discussions/records/id5dcd?limit=-1", None),
        ("get_discussion", 30056, "/discussions/i0", None),
        ("delete_discussion", 30001, "/discussions/i5739", None),
        ("delete_discussion", 30056, "/discussions/i0", None),
        ("create_comment", 30056, "/comments/discussions/i0", {"content": "x"}),
        ("create_comment", 30057, "/comments/discussions/ia4f42", {}),
        ("create_comment", 30058, "/comments/discussions/ia4f42", {"content": "x" * 10_001}),
        ("get_user", 30105, "/users/i0", None),
        ("get_file", 30250, "/files/i0", None),
        ("delete_file", 30250, "/files/i0", None),
        ("get_webhook", 30200, "/webhooks/i0", None),
        ("update_webhook", 30200, "/webhooks/i0", {}),
        ("delete_webhook", 30200, "/webhooks/i0", None),
    ],
)
async def test_a_wrong_request_gets_a_code_of_its_table(
    name: str, code: int, path: str, body: dict[str, Any] | None
) -> None:
    request = {"method": _sample(name)["request"]["method"], "path": path, "body": body}
    answer = await _ask(_company(name), request)
    assert set(answer) == {"code", "message", "data"}
    assert answer["code"] == code
    assert answer["message"] == _sample("codes")[name][str(code)]
