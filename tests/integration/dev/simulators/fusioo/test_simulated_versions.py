"""The three versions of the API, and lists whose pages shift."""

import pytest

from service.dev.simulators.fusioo.example_apps import TASKS_ID
from service.dev.simulators.fusioo.settings import FusiooSettings
from tests.fixtures.answers import data_of
from tests.fixtures.simulator import RunningSimulator
from tests.fixtures.typed_app import TYPED_ID, typed_app


async def test_offsets_count_from_one_before_version_three(simulator: RunningSimulator) -> None:
    async with simulator.client() as api:

        async def titles(version: int, offset: int) -> list[str]:
            path = f"/v{version}/records/apps/{TASKS_ID}"
            rows = data_of(await api.get(path, params={"offset": offset, "limit": 2}))
            return [row["title"] for row in rows]

        whole = sorted(record.now.values["title"] for record in simulator.state.records.live(TASKS_ID))
        assert await titles(3, 2) == whole[2:4]
        assert await titles(2, 2) == await titles(1, 2) == whole[1:3]
        assert await titles(1, 0) == await titles(1, 1) == whole[:2]


async def test_each_version_answers_writes_in_its_way(simulator: RunningSimulator) -> None:
    async with simulator.client() as api:
        answers = {}
        for version in (1, 2, 3):
            path = f"/v{version}/records/apps/{TASKS_ID}"
            created = data_of(await api.post(path, json={"title": "New"}))
            path = f"/v{version}/records/{created['id']}"
            answers[version] = (set(created), data_of(await api.patch(path, json={"notes": "x"})))
        assert answers[1] == answers[3] == ({"id", "title"}, {})
        created_keys, updated = answers[2]
        assert {"created", "status", "priority"} <= created_keys
        assert updated["notes"] == "x"
        simulator.state.settings = FusiooSettings(writes_answer="record")
        created = data_of(await api.post(f"/v3/records/apps/{TASKS_ID}", json={"title": "New"}))
        assert "created" in created


async def test_files_discussions_and_users_came_with_version_three(simulator: RunningSimulator) -> None:
    state = simulator.state
    state.apps[TYPED_ID] = typed_app()
    record_id = state.records.create(TYPED_ID, {"title": "Old"}, person="Sarah May").id
    async with simulator.client() as api:
        params, files = {"recordId": record_id, "fieldId": "file"}, {"file": ("a.txt", b"a")}
        uploaded = data_of(await api.post("/v3/files", params=params, files=files))
        for version in (1, 2):
            for path in ("users", f"files/{uploaded['id']}", f"discussions/records/{record_id}"):
                response = await api.get(f"/v{version}/{path}")
                assert (response.status_code, response.json()["code"]) == (404, 10002)
            assert "file" not in data_of(await api.get(f"/v{version}/records/{record_id}"))
            refused = await api.patch(f"/v{version}/records/{record_id}", json={"file": []})
            assert refused.json()["code"] == 30050
            assert data_of(await api.get(f"/v{version}/ping")) == {}
        assert data_of(await api.get(f"/v3/records/{record_id}"))["file"] == [uploaded["id"]]


@pytest.mark.parametrize("method", ["list", "filter"])
async def test_pages_shift_while_a_list_is_read(simulator: RunningSimulator, method: str) -> None:
    many = [{"title": f"Task {number:03d}"} for number in range(60)]
    simulator.state.records.create_many(TASKS_ID, many, person="Sarah May")
    async with simulator.client() as api:
        shift = {TASKS_ID: {"creates": 2, "deletes": 1, "moves": 1}}
        assert (await api.post("/_sim/shifts", json=shift)).json()[TASKS_ID]["creates"] == 2
        path = f"/v3/records/apps/{TASKS_ID}"

        async def page(offset: int) -> list[str]:
            params = {"offset": offset, "limit": 20}
            if method == "list":
                rows = data_of(await api.get(path, params=params))
            else:
                rows = data_of(await api.post(f"{path}/filter", params=params, json={}))
            return [row["id"] for row in rows]

        before = simulator.state.records.count(TASKS_ID)
        pages = [await page(offset) for offset in range(0, 80, 20)]
        assert simulator.state.records.count(TASKS_ID) == before + 4
        assert len(simulator.state.records.trash()) == 4
        # Asked for by their ids nothing shifts: that is not a page of a list.
        ids = f"[{','.join(pages[0])}]"
        data_of(await api.post(f"{path}/filter", params={"ids": ids}, json={}))
        assert len(simulator.state.records.trash()) == 4
