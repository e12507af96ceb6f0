"""The API over real HTTP: tokens, envelope, codes, the moving window."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from service.dev.simulators.fusioo.access import User
from service.dev.simulators.fusioo.example_apps import CLIENTS_ID, TASKS_ID, example_state
from service.dev.simulators.fusioo.records import Happening
from tests.fixtures.answers import data_of
from tests.fixtures.simulator import TOKEN, RunningSimulator, simulator_in_thread

_MEMBER = "a-token-of-a-member"


@pytest.fixture(scope="module")
def server() -> Iterator[RunningSimulator]:
    with simulator_in_thread() as running:
        yield running


@pytest.fixture
def fresh(server: RunningSimulator) -> RunningSimulator:
    """Put the module's server back to the example records."""
    example = example_state(token=TOKEN)
    state = server.state
    state.users = {**example.users, _MEMBER: User("Lauren Moss")}
    state.records.by_id, state.webhooks = example.records.by_id, {}
    state.settings = example.settings
    state.settings.calls_per_window = 10_000
    state.faults.clear()
    state.calls.clear()
    return server


@pytest.fixture
async def api(fresh: RunningSimulator) -> AsyncIterator[httpx2.AsyncClient]:
    async with fresh.client() as client:
        yield client


def _refusal(response: httpx2.Response) -> tuple[int, int]:
    body = response.json()
    assert set(body) == {"code", "message", "data"}
    return response.status_code, body["code"]


async def test_unknown_tokens_are_unauthorized(fresh: RunningSimulator) -> None:
    async with fresh.client(token="unknown") as client:
        assert _refusal(await client.get("/v3/ping")) == (401, 10003)
        assert _refusal(await client.get("/v3/apps")) == (401, 10003)
    async with httpx2.AsyncClient(base_url=fresh.origin, trust_env=False) as client:
        assert _refusal(await client.get("/v3/ping")) == (401, 10003)


async def test_unknown_paths_and_methods_have_their_code(api: httpx2.AsyncClient) -> None:
    assert _refusal(await api.get(f"/v3/apps/{TASKS_ID}/records")) == (404, 10002)
    assert _refusal(await api.put("/v3/webhooks")) == (405, 10002)


async def test_apps_and_fields_depend_on_the_user(fresh: RunningSimulator) -> None:
    fresh.state.users[_MEMBER].hidden_apps = {CLIENTS_ID}
    fresh.state.users[_MEMBER].hidden_fields = {(TASKS_ID, "notes")}
    async with fresh.client(token=_MEMBER) as client:
        (tasks,) = data_of(await client.get("/v3/apps"))
        assert "notes" not in [field["id"] for field in tasks["fields"]]
        assert _refusal(await client.get(f"/v3/apps/{CLIENTS_ID}")) == (400, 30001)
        assert _refusal(await client.get("/v3/apps/i0")) == (404, 30000)
        rows = data_of(await client.get(f"/v3/records/apps/{TASKS_ID}"))
        assert rows
        assert all("notes" not in row for row in rows)
        sorted_by = await client.get(f"/v3/records/apps/{TASKS_ID}", params={"sort_by": "notes"})
        assert _refusal(sorted_by) == (400, 30102)


async def test_a_record_lives_and_dies(api: httpx2.AsyncClient) -> None:
    created = data_of(await api.post(f"/v3/records/apps/{TASKS_ID}", json={"title": "New", "estimate": 2}))
    assert created["title"] == "New"
    path = f"/v3/records/{created['id']}"
    record = data_of(await api.get(path))
    assert (record["estimate"], record["priority"], record["created_by"]) == (2, ["Normal"], ["John Doe"])
    assert data_of(await api.patch(path, json={"status": ["Done"], "estimate": None})) == {}
    record = data_of(await api.get(path))
    assert record["status"] == ["Done"]
    assert "estimate" not in record
    assert data_of(await api.delete(path)) == {}
    assert _refusal(await api.get(path)) == (404, 30051)
    assert _refusal(await api.patch(path, json={"status": ["Done"]})) == (404, 30051)
    assert _refusal(await api.delete(path)) == (404, 30051)
    assert data_of(await api.get(path, params={"includeDeleted": "true"})) == record
    assert data_of(await api.get(f"/v3/trash/records/{created['id']}")) == record


async def test_deleted_records_are_for_administrators(fresh: RunningSimulator) -> None:
    gone = fresh.state.records.live(TASKS_ID)[0]
    fresh.state.records.delete(gone.id, person="Sarah May")
    listing, trash = f"/v3/records/apps/{TASKS_ID}", f"/v3/trash/records/{gone.id}"
    included = {"includeDeleted": "true"}
    async with fresh.client() as admin, fresh.client(token=_MEMBER) as member:
        assert gone.id not in [row["id"] for row in data_of(await admin.get(listing))]
        assert gone.id in [row["id"] for row in data_of(await admin.get(listing, params=included))]
        assert data_of(await admin.get(trash))["id"] == gone.id
        assert _refusal(await member.get(listing, params=included)) == (400, 30001)
        assert _refusal(await member.get(f"/v3/records/{gone.id}", params=included)) == (400, 30001)
        assert _refusal(await member.get(trash)) == (404, 30051)
        living = fresh.state.records.live(TASKS_ID)[0]
        assert _refusal(await admin.get(f"/v3/trash/records/{living.id}")) == (404, 30051)
        fresh.state.records.purge(gone.id)
        assert _refusal(await admin.get(trash)) == (404, 30051)


async def test_permissions_have_their_codes(fresh: RunningSimulator) -> None:
    member = fresh.state.users[_MEMBER]
    hidden, shown = fresh.state.records.live(TASKS_ID)[:2]
    member.hidden_records, member.refused_writes = {hidden.id}, set(Happening)
    async with fresh.client(token=_MEMBER) as client:
        assert _refusal(await client.get(f"/v3/records/{hidden.id}")) == (400, 30052)
        create = await client.post(f"/v3/records/apps/{TASKS_ID}", json={"title": "x"})
        assert _refusal(create) == (400, 30002)
        assert _refusal(await client.patch(f"/v3/records/{shown.id}", json={})) == (400, 30003)
        assert _refusal(await client.delete(f"/v3/records/{shown.id}")) == (400, 30004)
        count = data_of(await client.get(f"/v3/records/apps/{TASKS_ID}/count"))
        assert count == {"count": len(fresh.state.records.live(TASKS_ID)) - 1}


async def test_lists_are_paged_and_counted(api: httpx2.AsyncClient) -> None:
    path = f"/v3/records/apps/{TASKS_ID}"
    whole = data_of(await api.get(path))
    assert [row["title"] for row in whole] == sorted(row["title"] for row in whole)
    assert data_of(await api.get(f"{path}/count")) == {"count": len(whole)}
    page = data_of(await api.get(path, params={"offset": 1, "limit": 2}))
    assert page == whole[1:3]
    newest = data_of(await api.get(path, params={"sort_by": "created", "order": "desc", "limit": 1}))
    assert newest[0]["created"] == max(row["created"] for row in whole)
    assert data_of(await api.get(path, params={"limit": 0})) == []
    assert _refusal(await api.get(path, params={"limit": 201})) == (400, 30105)


async def test_filters_and_ids(fresh: RunningSimulator, api: httpx2.AsyncClient) -> None:
    path = f"/v3/records/apps/{TASKS_ID}/filter"
    body = {"status": {"contains": "In Progress"}, "created": {"not_equal": "2023-10-04"}}
    rows = data_of(await api.post(path, json=body))
    assert {row["status"][0] for row in rows} == {"In progress"}
    counted = data_of(await api.post(f"/v3/records/apps/{TASKS_ID}/count/filter", json=body))
    assert counted == {"count": len(rows)}
    first, second, *_ = [record.id for record in fresh.state.records.live(TASKS_ID)]
    foreign = fresh.state.records.live(CLIENTS_ID)[0].id
    by_ids = await api.post(path, params={"ids": f"[{first},{second}, {foreign},i0]"}, json={})
    assert {row["id"] for row in data_of(by_ids)} == {first, second}
    assert fresh.state.calls[-1].ids == (first, second, foreign, "i0")
    assert _refusal(await api.post(path, json={"colour": {"equal": "red"}})) == (400, 30050)
    assert _refusal(await api.post(path, params={"ids": first}, json={})) == (400, 30050)


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"colour": "red", "title": "x"}', b'{"notes": "x"}', b""])
async def test_a_wrong_record_is_refused_and_nothing_is_made(
    fresh: RunningSimulator, api: httpx2.AsyncClient, body: bytes
) -> None:
    before = len(fresh.state.records.by_id)
    headers = {"content-type": "application/json"}
    response = await api.post(f"/v3/records/apps/{TASKS_ID}", content=body, headers=headers)
    assert _refusal(response) == (400, 30050)
    assert response.json()["data"]["errors"]
    assert len(fresh.state.records.by_id) == before


async def test_a_body_must_say_that_it_is_json(api: httpx2.AsyncClient) -> None:
    response = await api.post(f"/v3/records/apps/{TASKS_ID}", content=b'{"title": "x"}')
    assert _refusal(response) == (400, 30050)


async def test_webhooks_are_kept_with_a_secret_that_nobody_can_set(api: httpx2.AsyncClient) -> None:
    wanted = {"url": "https://relay.example/hook", "app_id": TASKS_ID, "on_create": True}
    made = data_of(await api.post("/v3/webhooks", json=wanted))
    assert (made["on_create"], made["on_update"], made["on_delete"]) == (True, False, False)
    assert len(made["secret"]) >= 8
    path = f"/v3/webhooks/{made['id']}"
    assert data_of(await api.get("/v3/webhooks")) == [made]
    patched = data_of(await api.patch(path, json={"url": "https://other.example/hook"}))
    assert patched == {**made, "url": "https://other.example/hook"}
    assert data_of(await api.get(path)) == patched
    assert _refusal(await api.patch(path, json={"secret": "mine"})) == (400, 30050)
    assert data_of(await api.delete(path)) == {}
    assert _refusal(await api.get(path)) == (404, 30200)
    assert _refusal(await api.delete(path)) == (404, 30200)


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({"app_id": TASKS_ID}, (400, 30050)),
        ({"url": "relay.example", "app_id": TASKS_ID}, (400, 30050)),
        ({"url": "https://relay.example", "app_id": TASKS_ID, "on_create": "yes"}, (400, 30050)),
        ({"url": "https://relay.example", "app_id": [TASKS_ID]}, (400, 30050)),
        ({"url": "https://relay.example", "app_id": "i0"}, (404, 30000)),
    ],
)
async def test_a_wrong_webhook_is_refused(
    api: httpx2.AsyncClient, body: dict[str, Any], refusal: tuple[int, int]
) -> None:
    assert _refusal(await api.post("/v3/webhooks", json=body)) == refusal


async def test_after_the_budget_comes_429_and_ping_is_free(
    fresh: RunningSimulator, api: httpx2.AsyncClient
) -> None:
    fresh.state.settings.window = timedelta(hours=1)
    fresh.state.settings.calls_per_window = fresh.state.calls_in_window() + 2
    async with fresh.client(token=_MEMBER) as colleague:  # the limit is the company's, not the user's
        assert (await api.get("/v3/apps")).status_code == 200
        assert (await colleague.get("/v3/apps")).status_code == 200
        assert (await api.get("/v3/apps")).status_code == 429
        assert (await colleague.get("/v3/apps")).status_code == 429
        assert (await api.get("/v3/ping")).status_code == 200
    assert [call.status for call in fresh.state.calls] == [200, 200, 429, 429, 200]
    assert (await api.get("/_sim/state")).status_code == 200


async def test_refusals_can_come_with_one_status_and_long_urls_with_414(
    fresh: RunningSimulator, api: httpx2.AsyncClient
) -> None:
    fresh.state.settings.refusal_status = 200
    assert _refusal(await api.get("/v3/records/i0")) == (200, 30051)
    assert _refusal(await api.get("/v3/nowhere")) == (404, 10002)
    fresh.state.settings.longest_url = 60
    response = await api.post(f"/v3/records/apps/{TASKS_ID}/filter", params={"ids": f"[{'i' * 60}]"}, json={})
    assert response.status_code == 414
    assert response.headers["content-type"].startswith("text/html")
