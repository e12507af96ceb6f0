"""The sample requests of Fusioo's API v3 page, put to the simulator: it must answer the page's samples.

`samples/*.json` are copied from the page: one request and its answer each. `codes.json` holds the tables of
return codes below them.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from service.dev.simulators.fusioo.envelope import Code, body_of
from service.dev.simulators.fusioo.example_apps import TASKS_ID, example_state, tasks_app
from service.dev.simulators.fusioo.state import FusiooState
from service.dev.simulators.fusioo.webhooks import Webhook
from tests.fixtures.simulator import TOKEN, running_simulator

_SAMPLES = Path(__file__).parent / "samples"
_SYSTEM = ("id", "created", "last_modified", "created_by", "last_modified_by")


class _Clock:
    """The moment at which the page's records were written."""

    def __init__(self) -> None:
        self.now = datetime(2023, 9, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def set(self, stamp: str) -> None:
        self.now = datetime.fromisoformat(stamp).replace(tzinfo=UTC)


class _Company:
    """Brings a simulated company into the state in which the page's company must have been."""

    def __init__(self) -> None:
        self.clock = _Clock()
        self.state = example_state(token=TOKEN, clock=self.clock, with_records=False)
        for app_id in ("id5dcd", "id5db", "id5dba", "i5hs4"):  # ids of apps that the page shows no schema of
            app = tasks_app()
            app.id = app_id
            self.state.apps[app_id] = app

    def add_record(self, record: dict[str, Any], app_id: str = TASKS_ID) -> None:
        """Add a record exactly as the page shows it."""
        values = {name: value for name, value in record.items() if name not in _SYSTEM}
        self.clock.set(record["created"])
        self._next_id(record["id"])
        self.state.records.create(app_id, values, person=record["created_by"][0])
        if record["last_modified"] != record["created"]:
            self.clock.set(record["last_modified"])
            self.state.records.update(record["id"], values, person=record["last_modified_by"][0])

    def add_many(self, count: int, app_id: str, **values: Any) -> None:
        """Add records that the page counts or skips."""
        for number in range(count):
            self._next_id(f"i{number:04x}")
            self.state.records.create(app_id, {"title": "A task before", **values}, person="John Doe")

    def add_webhooks(self, *webhooks: dict[str, Any]) -> None:
        for webhook in webhooks:
            self.state.webhooks[webhook["id"]] = Webhook(**webhook)

    def expect_id(self, record_id: str) -> None:
        self._next_id(record_id)

    def _next_id(self, record_id: str) -> None:
        self.state.records.new_id = lambda: record_id


_Prepare = Callable[[_Company, Any], None]


def _nothing(_company: _Company, _data: Any) -> None: ...


def _record(company: _Company, _data: Any) -> None:
    company.add_record(_sample("get_record")["answer"]["data"])


def _deleted_record(company: _Company, data: Any) -> None:
    company.add_record(data)
    company.state.records.delete(data["id"], person="John Doe")


def _list(company: _Company, data: Any) -> None:
    shared = {"approved": True, "status": ["In progress"]}  # what the sample's filter asks for
    company.add_many(30, "id5dcd", **shared)  # the sample starts at offset 30
    for record in reversed(data):
        company.add_record(record, "id5dcd")


def _counted(company: _Company, data: Any) -> None:
    company.add_many(data["count"], TASKS_ID)


def _counted_by_filter(company: _Company, data: Any) -> None:
    company.add_many(data["count"], TASKS_ID, title="Test record", approved=True, status=["In progress"])
    company.expect_id("i9999")
    company.state.records.create(TASKS_ID, {"title": "Another"}, person="John Doe")


def _creation(company: _Company, data: Any) -> None:
    company.expect_id(data["id"])


def _webhooks(company: _Company, data: Any) -> None:
    company.add_webhooks(*data)


def _webhook(company: _Company, _data: Any) -> None:
    company.add_webhooks(_sample("get_webhook")["answer"]["data"])


_PREPARATIONS: dict[str, _Prepare] = {
    "ping": _nothing,
    "list_apps": _nothing,
    "get_app": _nothing,
    "count_records": _counted,
    "count_filtered_records": _counted_by_filter,
    "create_record": _creation,
    "get_record": _record,
    "list_records": _list,
    "filter_records": _list,
    "update_record": _record,
    "delete_record": _record,
    "get_deleted_record": _deleted_record,
    "list_webhooks": _webhooks,
    "get_webhook": _webhook,
    "create_webhook": _nothing,
    "update_webhook": _webhook,
    "delete_webhook": _webhook,
}


def _sample(name: str) -> Any:
    return json.loads((_SAMPLES / f"{name}.json").read_text("utf-8"))


async def _ask(state: FusiooState, request: dict[str, Any]) -> Any:
    async with running_simulator(state) as simulator, simulator.client() as api:
        response = await api.request(
            request["method"], f"{simulator.url}{request['path']}", json=request["body"]
        )
    assert response.headers["content-type"] == "application/json"
    return response.json()


def test_every_sample_is_walked() -> None:
    assert {path.stem for path in _SAMPLES.glob("*.json")} - {"codes"} == set(_PREPARATIONS)


@pytest.mark.parametrize("name", [name for name in _PREPARATIONS if name not in {"list_apps", "get_app"}])
async def test_the_sample_request_gets_the_sample_answer(name: str) -> None:
    sample = _sample(name)
    company = _Company()
    _PREPARATIONS[name](company, sample["answer"]["data"])
    answer = await _ask(company.state, sample["request"])
    if name == "create_webhook":  # its id and secret are the provider's to choose
        for made in ("id", "secret"):
            assert isinstance(answer["data"][made], str)
            answer["data"][made] = sample["answer"]["data"][made]
    assert answer == sample["answer"]


@pytest.mark.parametrize("name", ["list_apps", "get_app"])
async def test_apps_have_the_sample_s_fields_and_more(name: str) -> None:
    sample = _sample(name)
    answer = await _ask(_Company().state, sample["request"])
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
    company = _Company()
    listed = _sample("list_records")["answer"]
    _list(company, listed["data"])
    ids = ", ".join(record["id"] for record in listed["data"])  # the page writes blanks after the commas
    request = {"method": "POST", "path": f"/records/apps/id5dcd/filter?ids=[{ids}]", "body": {}}
    assert await _ask(company.state, request) == listed


def test_every_documented_code_has_the_page_s_message() -> None:
    documented = {int(code): text for table in _sample("codes").values() for code, text in table.items()}
    concurrent_requests = 30054  # answered through the fault switches only
    assert set(documented) == {int(code) for code in Code if code >= 30000} | {concurrent_requests}
    for code in Code:
        if code in documented:
            assert body_of(code, None)["message"] == documented[code]


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
        ("list_records", 30101, "/records/apps/ia4f42?sort_by=client", None),
        ("list_records", 30103, "/records/apps/ia4f42?order=up", None),
        ("list_records", 30104, "/records/apps/ia4f42?offset=-1", None),
        ("list_records", 30105, "/records/apps/ia4f42?limit=201", None),
        ("filter_records", 30000, "/records/apps/i0/filter", {}),
        ("filter_records", 30105, "/records/apps/ia4f42/filter?limit=x", {}),
        ("update_record", 30051, "/records/i0", {}),
        ("delete_record", 30051, "/records/i0", None),
        ("get_deleted_record", 30051, "/trash/records/i0", None),
        ("get_app", 30000, "/apps/i0", None),
        ("get_webhook", 30200, "/webhooks/i0", None),
        ("update_webhook", 30200, "/webhooks/i0", {}),
        ("delete_webhook", 30200, "/webhooks/i0", None),
    ],
)
async def test_a_wrong_request_gets_a_code_of_its_table(
    name: str, code: int, path: str, body: dict[str, Any] | None
) -> None:
    request = {"method": _sample(name)["request"]["method"], "path": path, "body": body}
    answer = await _ask(_Company().state, request)
    assert set(answer) == {"code", "message", "data"}
    assert answer["code"] == code
    assert answer["message"] == _sample("codes")[name][str(code)]
