"""Attachments and images: the form, the limit, and what is shown of them."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx2
import pytest

from service.dev.simulators.contents import Content
from service.dev.simulators.onspring.access import ApiKey
from service.dev.simulators.onspring.example import ATTACHMENTS, IMAGES, NAME, TASKS, example_state
from service.dev.simulators.onspring.state import OnspringState
from tests.fixtures.onspring_simulator import API_KEY, onspring_without_sockets

_CREATED, _NOW = "2024-09-20T12:00:00Z", datetime(2024, 9, 20, 12, tzinfo=UTC)
_FORM = {"recordId": "1", "fieldId": str(ATTACHMENTS), "notes": "A note", "modifiedDate": ""}
_FILE = {"file": ("test-attachment.txt", b"this is only a test", "text/plain")}


@pytest.fixture
def state() -> OnspringState:
    return example_state(key=API_KEY, clock=lambda: _NOW)


@pytest.fixture
async def api(state: OnspringState) -> AsyncIterator[httpx2.AsyncClient]:
    async with onspring_without_sockets(state) as client:
        yield client


async def _values(api: httpx2.AsyncClient, field_id: int) -> object:
    record = (await api.get(f"/Records/appId/{TASKS}/recordId/1?fieldIds={field_id}")).json()
    return [(each["type"], each["value"]) for each in record["fieldData"]]


async def test_a_file_is_added_shown_fetched_and_deleted(api: httpx2.AsyncClient) -> None:
    added = await api.post("/Files", data=_FORM, files=_FILE)
    assert (added.status_code, added.json()) == (201, {"id": 1})
    path = f"/Files/recordId/1/fieldId/{ATTACHMENTS}/fileId/1"
    assert (await api.get(path)).json() == {
        "type": "Attachment",
        "contentType": "text/plain",
        "name": "test-attachment.txt",
        "createdDate": _CREATED,
        "modifiedDate": _CREATED,
        "owner": "e7d20e9e-0bce-40e2-8fdb-f8c839a982cb",
        "notes": "A note",
        "fileHref": f"https://onspring.test{path}/file",
    }
    assert (await api.get(f"{path}/file")).content == b"this is only a test"
    shown = {
        "fileId": 1,
        "fileName": "test-attachment.txt",
        "notes": "A note",
        "storageLocation": "Internal",
    }
    assert await _values(api, ATTACHMENTS) == [("AttachmentList", [shown])]
    assert (await api.delete(f"{path}/file")).status_code == 405  # the page's heading is wrong
    assert (await api.delete(path)).status_code == 204
    assert (await api.get(path)).status_code == 404
    assert await _values(api, ATTACHMENTS) == []


async def test_names_of_the_form_have_any_case_and_images_are_ids(api: httpx2.AsyncClient) -> None:
    form = {"RecordId": "1", "FieldId": str(IMAGES), "ModifiedDate": "2021-12-13T21:34:19Z"}
    added = await api.post("/Files", data=form, files={"File": ("a.png", b"png", "image/png")})
    assert added.status_code == 201
    assert await _values(api, IMAGES) == [("FileList", [1])]
    info = (await api.get(f"/Files/recordId/1/fieldId/{IMAGES}/fileId/1")).json()
    assert (info["type"], info["modifiedDate"]) == ("Image", "2021-12-13T21:34:19Z")


async def test_a_file_elsewhere_has_its_links(api: httpx2.AsyncClient) -> None:
    elsewhere = {
        "name": "plan.docx",
        "storage_location": "OneDrive",
        "download_link": "https://one.test/d",
        "quick_edit_link": "https://one.test/e",
    }
    await api.post(f"/_sim/attachments/{TASKS}/1/{ATTACHMENTS}", json=elsewhere)
    shown = {
        "fileId": 1,
        "fileName": "plan.docx",
        "notes": "",
        "storageLocation": "OneDrive",
        "downloadLink": "https://one.test/d",
        "quickEditLink": "https://one.test/e",
    }
    assert await _values(api, ATTACHMENTS) == [("AttachmentList", [shown])]


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"fieldId": str(NAME)}, 400),
        ({"fieldId": "1"}, 404),
        ({"recordId": "99"}, 404),
        ({"recordId": "x"}, 400),
        ({"modifiedDate": "soon"}, 400),
    ],
)
async def test_a_wrong_place_is_refused(api: httpx2.AsyncClient, form: dict[str, str], status: int) -> None:
    answer = await api.post("/Files", data=_FORM | form, files=_FILE)
    assert answer.status_code == status
    assert answer.json()["message"]


async def test_what_is_no_form_or_has_no_file_is_refused(api: httpx2.AsyncClient) -> None:
    no_file = await api.post("/Files", data=_FORM, files={"other": ("a", b"a")})
    assert "file field is required" in no_file.json()["message"]
    assert (await api.post("/Files", json=_FORM)).status_code == 400


async def test_no_access_is_403(api: httpx2.AsyncClient, state: OnspringState) -> None:
    await api.post("/Files", data=_FORM, files=_FILE)
    state.keys["guest"] = ApiKey("guest", apps={TASKS: {"read"}}, hidden_fields={ATTACHMENTS})
    async with onspring_without_sockets(state, key="guest") as guest:
        assert (await guest.post("/Files", data=_FORM, files=_FILE)).status_code == 403
        path = f"/Files/recordId/1/fieldId/{ATTACHMENTS}/fileId/1"
        assert [(await guest.request(verb, path)).status_code for verb in ("GET", "DELETE")] == [403, 403]


async def _zeros(megabytes: int) -> AsyncIterator[bytes]:
    head = f'--b\r\nContent-Disposition: form-data; name="FieldId"\r\n\r\n{ATTACHMENTS}\r\n'
    head += '--b\r\nContent-Disposition: form-data; name="RecordId"\r\n\r\n1\r\n'
    head += '--b\r\nContent-Disposition: form-data; name="File"; filename="a.bin"\r\n\r\n'
    yield head.encode()
    for _ in range(megabytes):
        yield bytes(1_000_000)
    yield b"\r\n--b--\r\n"


@pytest.mark.parametrize(("megabytes", "status"), [(45, 201), (51, 413)])
async def test_45_mb_pass_and_51_do_not(api: httpx2.AsyncClient, megabytes: int, status: int) -> None:
    headers = {"content-type": "multipart/form-data; boundary=b"}
    answer = await api.post("/Files", content=_zeros(megabytes), headers=headers)
    assert answer.status_code == status


async def test_a_deleted_record_takes_its_files_along(api: httpx2.AsyncClient, state: OnspringState) -> None:
    state.files.add((TASKS, 1, ATTACHMENTS), "a.txt", Content(b"a"), content_type="text/plain")
    await api.delete(f"/Records/appId/{TASKS}/recordId/1")
    assert state.files.by_id == {}
