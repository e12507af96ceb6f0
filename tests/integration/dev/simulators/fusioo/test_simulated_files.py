"""Files over real HTTP: temporary ones, those of records, and every code of their tables."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2

from service.dev.simulators.fusioo.access import User
from service.dev.simulators.fusioo.quotas import Quotas
from service.dev.simulators.fusioo.records import Happening
from tests.fixtures.answers import code_of, data_of
from tests.fixtures.simulator import RunningSimulator
from tests.fixtures.typed_app import TYPED_ID

_TEXT = {"file": ("a.txt", b"some text", "text/plain")}


async def _upload(
    api: httpx2.AsyncClient, params: dict[str, str] | None = None, files: Any = None
) -> httpx2.Response:
    return await api.post("/v3/files", params=params, files=files or _TEXT)


async def test_a_temporary_file_is_uploaded_shown_downloaded_and_deleted(api: httpx2.AsyncClient) -> None:
    made = data_of(await _upload(api))
    assert made["title"] == "a.txt"
    shown = data_of(await api.get(f"/v3/files/{made['id']}"))
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
    assert data_of(await api.delete(f"/v3/files/{made['id']}")) == {}
    for path in (f"/v3/files/{made['id']}", f"/v3/files/download/{made['id']}"):
        assert code_of(await api.get(path)) == 30250
    assert code_of(await api.delete(f"/v3/files/{made['id']}")) == 30250


async def test_a_big_file_comes_back_whole(api: httpx2.AsyncClient) -> None:
    content = bytes(range(256)) * 12_000  # three megabytes: more than is kept in memory
    made = data_of(await _upload(api, files={"file": ("b.bin", content)}))
    assert (await api.get(f"/v3/files/download/{made['id']}")).content == content


async def test_a_temporary_file_lives_two_days(company: RunningSimulator, api: httpx2.AsyncClient) -> None:
    made = data_of(await _upload(api))
    company.state.files.by_id[made["id"]].created = datetime.now(UTC) - timedelta(days=2, seconds=1)
    assert code_of(await api.get(f"/v3/files/{made['id']}")) == 30250


async def test_a_file_goes_into_a_record_and_out_of_it(
    company: RunningSimulator, api: httpx2.AsyncClient, record_id: str
) -> None:
    into = {"recordId": record_id, "fieldId": "file"}
    first, second = data_of(await _upload(api, into)), data_of(await _upload(api, into))
    path = f"/v3/records/{record_id}"
    assert data_of(await api.get(path))["file"] == [first["id"], second["id"]]
    data_of(await api.delete(f"/v3/files/{first['id']}"))
    assert data_of(await api.get(path))["file"] == [second["id"]]
    data_of(await api.patch(path, json={"file": []}))
    assert company.state.files.by_id == {}


async def test_records_take_the_ids_of_temporary_files(
    company: RunningSimulator, api: httpx2.AsyncClient, record_id: str
) -> None:
    made = data_of(await _upload(api))
    values = {"title": "With a file", "file": [made["id"]]}
    created = data_of(await api.post(f"/v3/records/apps/{TYPED_ID}", json=values))
    assert company.state.files.by_id[made["id"]].record_id == created["id"]
    # It is the other record's now.
    assert code_of(await api.patch(f"/v3/records/{record_id}", json={"file": [made["id"]]})) == 30050
    assert code_of(await api.patch(f"/v3/records/{record_id}", json={"file": ["i0"]})) == 30050


async def test_only_one_of_the_two_ids_makes_a_temporary_file(
    company: RunningSimulator, api: httpx2.AsyncClient, record_id: str
) -> None:
    for params in ({"recordId": record_id}, {"fieldId": "file"}, {"recordId": "", "fieldId": ""}):
        made = data_of(await _upload(api, params))
        assert company.state.files.by_id[made["id"]].is_temporary


async def test_each_refused_upload_has_its_code(
    company: RunningSimulator, api: httpx2.AsyncClient, record_id: str
) -> None:
    assert code_of(await _upload(api, files={"file": ("a.EXE", b"x")})) == 30251
    company.state.quotas.file_bytes = 8
    assert code_of(await _upload(api)) == 30252
    company.state.quotas.file_bytes, company.state.quotas.storage_bytes = 100, 8
    assert code_of(await _upload(api)) == 30253
    two = [("file", ("a.txt", b"a")), ("file", ("b.txt", b"b"))]
    assert code_of(await _upload(api, files=two)) == 30254
    company.state.quotas = Quotas()
    company.state.apps[TYPED_ID].field("file").options["allow_multiple"] = False  # type: ignore[union-attr]
    into = {"recordId": record_id, "fieldId": "file"}
    data_of(await _upload(api, into))
    assert code_of(await _upload(api, into)) == 30254
    assert code_of(await _upload(api, {"recordId": record_id, "fieldId": "title"})) == 30256
    assert code_of(await _upload(api, {"recordId": "i0", "fieldId": "file"})) == 30051
    assert code_of(await _upload(api, files={"other": ("a.txt", b"a")})) == 30050
    assert code_of(await api.post("/v3/files", json={})) == 30050
    assert len(company.state.files.by_id) == 1


async def test_files_of_records_depend_on_the_user(
    company: RunningSimulator,
    lauren: User,
    api: httpx2.AsyncClient,
    member: httpx2.AsyncClient,
    record_id: str,
) -> None:
    made = data_of(await _upload(api, {"recordId": record_id, "fieldId": "file"}))
    path, download = f"/v3/files/{made['id']}", f"/v3/files/download/{made['id']}"
    lauren.refused_writes = {Happening.UPDATE}
    assert code_of(await member.delete(path)) == 30003
    lauren.hidden_fields = {(TYPED_ID, "file")}
    for response in (await member.get(path), await member.get(download), await member.delete(path)):
        assert code_of(response) == 30256
    lauren.hidden_apps = {TYPED_ID}
    for response in (await member.get(path), await member.get(download), await member.delete(path)):
        assert code_of(response) == 30001
    company.state.records.delete(record_id, person="Sarah May")
    assert (code_of(await api.get(path)), code_of(await api.delete(path))) == (30250, 30051)
    company.state.apps = {}
    for response in (await api.get(path), await api.get(download), await api.delete(path)):
        assert code_of(response) == 30000


async def test_a_temporary_file_is_deleted_by_its_maker_alone(
    api: httpx2.AsyncClient, member: httpx2.AsyncClient
) -> None:
    made = data_of(await _upload(api))
    assert code_of(await member.delete(f"/v3/files/{made['id']}")) == 30250
    assert data_of(await api.delete(f"/v3/files/{made['id']}")) == {}


async def test_a_record_deleted_for_good_takes_its_files_along(
    company: RunningSimulator, api: httpx2.AsyncClient, record_id: str
) -> None:
    data_of(await _upload(api, {"recordId": record_id, "fieldId": "file"}))
    assert (await api.delete(f"/_sim/records/{record_id}", params={"permanently": "true"})).status_code == 200
    assert company.state.files.by_id == {}
