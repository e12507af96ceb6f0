"""What control routes set up: many records, tokens, apps, users, workflows, limits; and the auto-numbers."""

from typing import Any

import httpx2
import pytest

from service.dev.simulators.fusioo.example_apps import TASKS_ID
from service.dev.simulators.fusioo.settings import FusiooSettings
from tests.fixtures.answers import data_of
from tests.fixtures.simulator import RunningSimulator
from tests.fixtures.sink import HttpSink
from tests.fixtures.typed_app import TYPED_ID, typed_app


async def _control(api: httpx2.AsyncClient, method: str, path: str, body: Any = None) -> Any:
    response = await api.request(method, f"/_sim{path}", json=body)
    assert response.status_code == 200, response.text
    return response.json()


async def test_many_records_are_made_edited_and_deleted_at_once(simulator: RunningSimulator) -> None:
    records = simulator.state.records
    before = records.count(TASKS_ID)
    path = f"/bulk/{TASKS_ID}"
    async with simulator.client() as api:
        many = {"count": 300, "values": {"title": "Task {number}", "status": ["To do"]}}
        made = (await _control(api, "POST", path, many))["ids"]
        listed = [{"title": "One"}, {"title": "Two"}]
        made += (await _control(api, "POST", path, {"records": listed}))["ids"]
        assert records.count(TASKS_ID) == before + 302
        assert records.by_id[made[299]].now.values["title"] == "Task 299"
        edit = {"filter": {"title": {"contains": "Task 29"}}, "values": {"approved": True}}
        assert await _control(api, "PATCH", path, edit) == {"count": 11}  # 29 and 290 to 299
        assert await _control(api, "DELETE", path, {"ids": made[:5]}) == {"count": 5}
        assert len(records.trash()) == 5
        gone = {"count": 7, "filter": {"title": {"contains": "Task"}}, "permanently": True}
        assert await _control(api, "DELETE", path, gone) == {"count": 7}
        assert (records.count(TASKS_ID), len(records.trash())) == (before + 290, 5)
        counted = data_of(await api.get(f"/v3/records/apps/{TASKS_ID}/count"))
        assert counted == {"count": before + 290}
        shown = (await api.get("/_sim/state", params={"records": "false"})).json()
        assert (shown["counts"][TASKS_ID], shown["records"]) == (before + 290, {})


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/bulk/i0", {}, 404),
        ("POST", f"/bulk/{TASKS_ID}", {"count": -1}, 400),
        ("PATCH", f"/bulk/{TASKS_ID}", {"filter": {"colour": {"equal": "red"}}}, 400),
        ("DELETE", f"/bulk/{TASKS_ID}", {"ids": ["i0"]}, 404),
        ("POST", "/shifts", {TASKS_ID: {"creatures": 1}}, 400),
        ("PUT", "/tokens/t", {"admin": True}, 400),
        ("DELETE", "/tokens/t", None, 404),
        ("PUT", "/apps/i1", {"name": "Empty", "fields": []}, 400),
        ("PUT", "/apps/i1", {"name": "Odd", "fields": [{"id": "a", "type": "colour"}]}, 400),
        ("PUT", "/members/i1", {"name": "Ryan"}, 400),
        ("POST", "/workflows", {"app_id": "i0", "url": "http://127.0.0.1:9"}, 404),
        ("POST", "/workflows", {"app_id": TASKS_ID}, 400),
        ("POST", "/workflows", {"app_id": TASKS_ID, "url": "x", "on": ["birth"]}, 400),
        ("PATCH", "/quotas", {"file_bytes": "many"}, 400),
    ],
)
async def test_what_is_wrong_is_refused(
    simulator: RunningSimulator, method: str, path: str, body: Any, status: int
) -> None:
    async with simulator.client() as api:
        response = await api.request(method, f"/_sim{path}", json=body)
    assert response.status_code == status
    assert response.json()["error"]


async def test_bulk_edits_and_imports_are_told_as_the_settings_say(
    simulator: RunningSimulator, sink: HttpSink
) -> None:
    simulator.state.settings = FusiooSettings(bulk_edits_fire=False)
    simulator.state.add_webhook(f"{sink.url}/hook", TASKS_ID, on_create=True, on_update=True)
    async with simulator.client() as api:
        await _control(api, "PATCH", f"/bulk/{TASKS_ID}", {"values": {"notes": "x"}})
        quiet = {"records": [{"title": "Quiet"}], "told": False}
        await _control(api, "POST", f"/bulk/{TASKS_ID}", quiet)
        told = await _control(api, "POST", f"/bulk/{TASKS_ID}", {"records": [{"title": "Told"}]})
    assert [request.json for request in sink.wait_for(1)] == [{"id": told["ids"][0]}]
    assert len(simulator.state.deliveries) == 1


async def test_a_token_can_do_what_its_user_may(simulator: RunningSimulator) -> None:
    rights = {
        "name": "Lauren Moss",
        "hidden_fields": [[TASKS_ID, "notes"]],
        "locked_fields": [[TASKS_ID, "status"]],
        "refused_in": [[TASKS_ID, "delete"]],
    }
    record_id = simulator.state.records.live(TASKS_ID)[0].id
    async with simulator.client() as api, simulator.client(token="another") as other:
        assert await _control(api, "PUT", "/tokens/another", rights) == {
            "name": "Lauren Moss",
            "admin": False,
        }
        app = data_of(await other.get(f"/v3/apps/{TASKS_ID}"))
        fields = {field["id"]: field["can_update"] for field in app["fields"]}
        assert ("notes" in fields, fields["status"], fields["priority"]) == (False, False, True)
        path = f"/v3/records/{record_id}"
        assert (await other.patch(path, json={"status": ["Done"]})).json()["code"] == 30050
        assert data_of(await other.patch(path, json={"priority": ["Low"]})) == {}
        assert (await other.delete(path)).json()["code"] == 30004
        await _control(api, "DELETE", "/tokens/another")
        assert (await other.get(path)).status_code == 401


async def test_an_application_gets_tokens_for_its_user(simulator: RunningSimulator) -> None:
    of_user = {"client_secret": "s3cret", "name": "Lauren Moss", "hidden_apps": [TASKS_ID]}
    credentials = {"client_id": "ours", "client_secret": "s3cret"}
    async with simulator.client() as api:
        given = await _control(api, "PUT", "/applications/ours", of_user)
        form = {"grant_type": "refresh_token", "refresh_token": given["refresh_token"], **credentials}
        for asked in (form, {"grant_type": "client_credentials", **credentials}):
            token = (await api.post("/oauth/token", data=asked)).json()["access_token"]
            async with simulator.client(token=token) as theirs:
                assert TASKS_ID not in {app["id"] for app in data_of(await theirs.get("/v3/apps"))}
        refused = await api.put("/_sim/applications/ours", json={"name": "Lauren Moss"})
        assert refused.status_code == 400


async def test_apps_and_users_come_and_go(simulator: RunningSimulator) -> None:
    async with simulator.client() as api:
        shown = await _control(api, "PUT", f"/apps/{TYPED_ID}", typed_app().to_json())
        assert data_of(await api.get(f"/v3/apps/{TYPED_ID}")) == shown == typed_app().to_json()
        made = [
            data_of(await api.post(f"/v3/records/apps/{TYPED_ID}", json={"title": "Numbered"}))
            for _ in range(2)
        ]
        numbers = [data_of(await api.get(f"/v3/records/{record['id']}"))["auto_number"] for record in made]
        assert numbers == ["GDX-22433", "GDX-22434"]
        await _control(api, "DELETE", f"/apps/{TYPED_ID}")
        assert (await api.get(f"/v3/apps/{TYPED_ID}")).json()["code"] == 30000
        assert (await api.get(f"/v3/records/{made[0]['id']}")).json()["code"] == 30051
        member = {"name": "Ryan", "surname": "Smith", "email": "ryan@fusioo.com", "is_lite": True}
        await _control(api, "PUT", "/members/i547e", member)
        assert data_of(await api.get("/v3/users/i547e"))["is_lite"] is True
        await _control(api, "DELETE", "/members/i547e")
        assert (await api.get("/v3/users/i547e")).json()["code"] == 30105


async def test_a_workflow_sends_a_table_of_the_record(simulator: RunningSimulator, sink: HttpSink) -> None:
    conditions = {"status": {"contains": "Done"}}
    wanted = {"app_id": TASKS_ID, "url": f"{sink.url}/flow", "on": ["update"], "conditions": conditions}
    record = simulator.state.records.live(TASKS_ID)[0]
    async with simulator.client() as api:
        workflow = await _control(api, "POST", "/workflows", wanted)
        assert await _control(api, "GET", "/workflows") == [workflow]
        assert data_of(await api.get("/v3/webhooks")) == []  # they stand in no list of the API
        simulator.state.records.update(record.id, {"status": ["To do"]}, person="Sarah May")
        simulator.state.records.update(record.id, {"status": ["Done"]}, person="Sarah May")
        (request,) = sink.wait_for(1)
        await _control(api, "DELETE", f"/workflows/{workflow['id']}")
        simulator.state.records.update(record.id, {"status": ["Done"]}, person="Sarah May")
    assert len(simulator.state.deliveries) == 1
    body = request.json
    assert (body["record_id"], body["app_id"], body["status"]) == (record.id, TASKS_ID, ["Done"])
    assert record.id in body["record_url"]
    assert request.headers["x-fusioo-secret"] == workflow["secret"]


async def test_limits_can_be_changed(simulator: RunningSimulator) -> None:
    async with simulator.client() as api:
        shown = await _control(api, "PATCH", "/quotas", {"file_bytes": 2, "refused_extensions": ["txt"]})
        assert (shown["file_bytes"], shown["refused_extensions"]) == (2, ["txt"])
        response = await api.post("/v3/files", files={"file": ("a.bin", b"abc")})
    assert response.json()["code"] == 30252
