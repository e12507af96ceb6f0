"""`/Files`."""

from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from service.dev.simulators.onspring.access import ApiKey
from service.dev.simulators.onspring.answers import bad, unknown
from service.dev.simulators.onspring.doorway import Endpoint, origin_of
from service.dev.simulators.onspring.files import StoredFile
from service.dev.simulators.onspring.lookups import field_in, record_in
from service.dev.simulators.onspring.moments import read_moment
from service.dev.simulators.onspring.schema import AppField
from service.dev.simulators.onspring.state import OnspringState
from service.dev.simulators.onspring.uploads import receive_form

_WITH_FILES = ("Attachment", "Image")
_PATH = "/Files/recordId/{record_id:int}/fieldId/{field_id:int}/fileId/{file_id:int}"


async def get_file_info(state: OnspringState, key: ApiKey, request: Request) -> dict[str, Any]:
    field, stored = _named(state, key, request)
    return stored.info(field.type, origin_of(request))


async def get_file(state: OnspringState, key: ApiKey, request: Request) -> Response:
    _, stored = _named(state, key, request)
    headers = {
        "content-length": str(stored.content.size),
        "content-disposition": f"attachment; filename*=UTF-8''{quote(stored.name, safe='')}",
    }
    return StreamingResponse(stored.content.pieces(), headers=headers, media_type=stored.content_type)


async def add_file(state: OnspringState, key: ApiKey, request: Request) -> Response:
    form = await receive_form(request, state.settings.file_limit)
    field = field_in(state, _id(form.values, "fieldId"))
    record = record_in(state, field.app_id, _id(form.values, "recordId"))
    if field.type not in _WITH_FILES:
        raise bad(f"Field {field.id} is not an attachment or image field")
    key.must("update", field.app_id)
    key.must_set(field)
    if form.file is None:
        raise bad("The file field is required.")
    stored = state.files.add(
        (record.app_id, record.id, field.id),
        form.file.filename or "file",
        form.content,
        content_type=form.file.content_type,
        notes=form.values.get("notes", ""),
        modified=_moment(form.values.get("modifieddate", "")),
    )
    state.records.update(record, {}, person=key.person, told=state.settings.api_writes_fire)
    return JSONResponse({"id": stored.id}, HTTPStatus.CREATED)


async def delete_file(state: OnspringState, key: ApiKey, request: Request) -> Response:
    field, stored = _named(state, key, request)
    key.must("update", field.app_id)
    key.must_set(field)
    del state.files.by_id[stored.id]
    record = record_in(state, stored.app_id, stored.record_id)
    state.records.update(record, {}, person=key.person, told=state.settings.api_writes_fire)
    return Response(status_code=HTTPStatus.NO_CONTENT)


def _named(state: OnspringState, key: ApiKey, request: Request) -> tuple[AppField, StoredFile]:
    """Find the field and file that a path names. Raises RefusedCallError (400, 403, 404)."""
    field, file_id = field_in(state, request.path_params["field_id"]), request.path_params["file_id"]
    if field.type not in _WITH_FILES:
        raise bad(f"Field {field.id} is not an attachment or image field")
    key.must_see(field)
    stored = state.files.by_id.get(file_id)
    place = (field.app_id, request.path_params["record_id"], field.id)
    if stored is None or (stored.app_id, stored.record_id, stored.field_id) != place:
        raise unknown(f"File {file_id}")
    return field, stored


def _id(values: dict[str, str], name: str) -> int:
    text = values.get(name.lower(), "")
    if not text.isdecimal():
        raise bad(f"The {name} field is required.")
    return int(text)


def _moment(text: str) -> datetime | None:
    try:
        return read_moment(text) if text else None
    except ValueError as error:
        raise bad(f"ModifiedDate is not a date: {text!r}") from error


ENDPOINTS = (
    Endpoint("GET", _PATH, get_file_info),
    Endpoint("GET", f"{_PATH}/file", get_file),
    Endpoint("POST", "/Files", add_file),
    Endpoint("DELETE", _PATH, delete_file),
)
