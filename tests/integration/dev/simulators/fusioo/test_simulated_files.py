"""Files over real HTTP: temporary ones, those of records, and every code of their tables."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from service.dev.simulators.fusioo.access import User
from service.dev.simulators.fusioo.example_apps import example_state
from service.dev.simulators.fusioo.quotas import Quotas
from service.dev.simulators.fusioo.records import Happening
from tests.fixtures.simulator import TOKEN, RunningSimulator, simulator_in_thread
from tests.fixtures.typed_app import TYPED_ID, typed_app

_MEMBER = "a-token-of-a-member"
_TEXT = {"file": ("a.txt", b"some text", "text/plain")}


@pytest.fixture(scope="module")
def server() -> Iterator[RunningSimulator]:
    with simulator_in_thread() as running:
        yield running


@pytest.fixture
def fresh(server: RunningSimulator) -> RunningSimulator:
    """Put the module's server back: one record of every type, an administrator and a member."""
    state, example = server.state, example_state(token=TOKEN)
    state.users = {**example.users, _MEMBER: User("Lauren Moss")}
    state.apps = {TYPED_ID: typed_app()}
    state.records.by_id = {}
    state.files.by_id, state.conversations.by_id = {}, {}
    state.quotas = Quotas()
    state.settings.calls_per_window = 10_000
    state.records.create(TYPED_ID, {"title": "Holds files"}, person="Sarah May")
    return server


@pytest.fixture
def record_id(fresh: RunningSimulator) -> str:
    return fresh.state.records.live(TYPED_ID)[0].id


@pytest.fixture
async def api(fresh: RunningSimulator) -> AsyncIterator[httpx2.AsyncClient]:
    async with fresh.client() as client:
        yield client


@pytest.fixture
async def member(fresh: RunningSimulator) -> AsyncIterator[httpx2.AsyncClient]:
    async with fresh.client(token=_MEMBER) as client:
        yield client


async def _upload(
    api: httpx2.AsyncClient, params: dict[str, str] | None = None, files: Any = None
) -> httpx2.Response:
    return await api.post("/v3/files", params=params, files=files or _TEXT)


async def _data(response: httpx2.Response) -> Any:
    assert (response.status_code, response.json()["code"]) == (200, 10000), response.text
    return response.json()["data"]


def _code(response: httpx2.Response) -> int:
    code: int = response.json()["code"]
    return code


async def test_a_temporary_file_is_uploaded_shown_downloaded_and_deleted(api: httpx2.AsyncClient) -> None:
    made = await _data(await _upload(api))
    assert made["title"] == "a.txt"
    shown = await _data(await api.get(f"/v3/files/{made['id']}"))
    assert {key: shown[key] for key in ("id", "name", "content_type", "size", "created_by")} == {
        "id": made["id"],
        "name": "a.txt",
        "content_type": "text/plain",
        "size": 9,
        "created_by": "John Doe",
    }
    download = await api.get(f"/v3/files/download/{made['id']}")
    assert download.content == b"some text"
    assert download.headers["content-type"].startswith("text/plain")
    assert download.headers["content-length"] == "9"
    assert "a.txt" in download.headers["content-disposition"]
    assert await _data(await api.delete(f"/v3/files/{made['id']}")) == {}
    for path in (f"/v3/files/{made['id']}", f"/v3/files/download/{made['id']}"):
        assert _code(await api.get(path)) == 30250
    assert _code(await api.delete(f"/v3/files/{made['id']}")) == 30250


async def test_a_big_file_comes_back_whole(api: httpx2.AsyncClient) -> None:
    content = bytes(range(256)) * 12_000  # three megabytes: more than is kept in memory
    made = await _data(await _upload(api, files={"file": ("b.bin", content)}))
    assert (await api.get(f"/v3/files/download/{made['id']}")).content == content


async def test_a_temporary_file_lives_two_days(fresh: RunningSimulator, api: httpx2.AsyncClient) -> None:
    made = await _data(await _upload(api))
    fresh.state.files.by_id[made["id"]].created = datetime.now(UTC) - timedelta(days=2, seconds=1)
    assert _code(await api.get(f"/v3/files/{made['id']}")) == 30250


async def test_a_file_goes_into_a_record_and_out_of_it(
    fresh: RunningSimulator, api: httpx2.AsyncClient, record_id: str
) -> None:
    into = {"recordId": record_id, "fieldId": "file"}
    first, second = await _data(await _upload(api, into)), await _data(await _upload(api, into))
    path = f"/v3/records/{record_id}"
    assert (await _data(await api.get(path)))["file"] == [first["id"], second["id"]]
    await _data(await api.delete(f"/v3/files/{first['id']}"))
    assert (await _data(await api.get(path)))["file"] == [second["id"]]
    await _data(await api.patch(path, json={"file": []}))
    assert fresh.state.files.by_id == {}


async def test_records_take_the_ids_of_temporary_files(
    fresh: RunningSimulator, api: httpx2.AsyncClient, record_id: str
) -> None:
    made = await _data(await _upload(api))
    values = {"title": "With a file", "file": [made["id"]]}
    created = await _data(await api.post(f"/v3/records/apps/{TYPED_ID}", json=values))
    assert fresh.state.files.by_id[made["id"]].record_id == created["id"]
    # It is the other record's now.
    assert _code(await api.patch(f"/v3/records/{record_id}", json={"file": [made["id"]]})) == 30050
    assert _code(await api.patch(f"/v3/records/{record_id}", json={"file": ["i0"]})) == 30050


async def test_only_one_of_the_two_ids_makes_a_temporary_file(
    fresh: RunningSimulator, api: httpx2.AsyncClient, record_id: str
) -> None:
    for params in ({"recordId": record_id}, {"fieldId": "file"}, {"recordId": "", "fieldId": ""}):
        made = await _data(await _upload(api, params))
        assert fresh.state.files.by_id[made["id"]].is_temporary


async def test_each_refused_upload_has_its_code(
    fresh: RunningSimulator, api: httpx2.AsyncClient, record_id: str
) -> None:
    assert _code(await _upload(api, files={"file": ("a.EXE", b"x")})) == 30251
    fresh.state.quotas.file_bytes = 8
    assert _code(await _upload(api)) == 30252
    fresh.state.quotas.file_bytes, fresh.state.quotas.storage_bytes = 100, 8
    assert _code(await _upload(api)) == 30253
    two = [("file", ("a.txt", b"a")), ("file", ("b.txt", b"b"))]
    assert _code(await _upload(api, files=two)) == 30254
    fresh.state.quotas = Quotas()
    fresh.state.apps[TYPED_ID].field("file").options["allow_multiple"] = False  # type: ignore[union-attr]
    into = {"recordId": record_id, "fieldId": "file"}
    await _data(await _upload(api, into))
    assert _code(await _upload(api, into)) == 30254
    assert _code(await _upload(api, {"recordId": record_id, "fieldId": "title"})) == 30256
    assert _code(await _upload(api, {"recordId": "i0", "fieldId": "file"})) == 30051
    assert _code(await _upload(api, files={"other": ("a.txt", b"a")})) == 30050
    assert _code(await api.post("/v3/files", json={})) == 30050
    assert len(fresh.state.files.by_id) == 1


async def test_files_of_records_depend_on_the_user(
    fresh: RunningSimulator, api: httpx2.AsyncClient, member: httpx2.AsyncClient, record_id: str
) -> None:
    made = await _data(await _upload(api, {"recordId": record_id, "fieldId": "file"}))
    path, download = f"/v3/files/{made['id']}", f"/v3/files/download/{made['id']}"
    user = fresh.state.users[_MEMBER]
    user.refused_writes = {Happening.UPDATE}
    assert _code(await member.delete(path)) == 30003
    user.hidden_fields = {(TYPED_ID, "file")}
    for response in (await member.get(path), await member.get(download), await member.delete(path)):
        assert _code(response) == 30256
    user.hidden_apps = {TYPED_ID}
    for response in (await member.get(path), await member.get(download), await member.delete(path)):
        assert _code(response) == 30001
    fresh.state.records.delete(record_id, person="Sarah May")
    assert (_code(await api.get(path)), _code(await api.delete(path))) == (30250, 30051)
    fresh.state.apps = {}
    for response in (await api.get(path), await api.get(download), await api.delete(path)):
        assert _code(response) == 30000


async def test_a_temporary_file_is_deleted_by_its_maker_alone(
    api: httpx2.AsyncClient, member: httpx2.AsyncClient
) -> None:
    made = await _data(await _upload(api))
    assert _code(await member.delete(f"/v3/files/{made['id']}")) == 30250
    assert await _data(await api.delete(f"/v3/files/{made['id']}")) == {}


async def test_a_record_deleted_for_good_takes_its_files_along(
    fresh: RunningSimulator, api: httpx2.AsyncClient, record_id: str
) -> None:
    await _data(await _upload(api, {"recordId": record_id, "fieldId": "file"}))
    assert (await api.delete(f"/_sim/records/{record_id}", params={"permanently": "true"})).status_code == 200
    assert fresh.state.files.by_id == {}
