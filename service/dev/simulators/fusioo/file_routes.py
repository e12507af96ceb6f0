"""`/files`."""

from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from service.dev.simulators.fusioo.access import User
from service.dev.simulators.fusioo.doorway import Endpoint
from service.dev.simulators.fusioo.envelope import Code, RefusedCallError
from service.dev.simulators.fusioo.files import StoredFile
from service.dev.simulators.fusioo.origins import Origin
from service.dev.simulators.fusioo.records import Happening, Record
from service.dev.simulators.fusioo.schema import Field, FieldType
from service.dev.simulators.fusioo.state import FusiooState
from service.dev.simulators.fusioo.uploads import receive_upload
from service.dev.simulators.fusioo.views import FIRST_WITH_FILES


async def get_file(state: FusiooState, user: User, request: Request) -> dict[str, Any]:
    return _readable(state, user, request).to_json()


async def download_file(state: FusiooState, user: User, request: Request) -> Response:
    stored = _readable(state, user, request)
    headers = {
        "content-length": str(stored.content.size),
        "content-disposition": f"attachment; filename*=UTF-8''{quote(stored.name, safe='')}",
    }
    return StreamingResponse(stored.content.pieces(), headers=headers, media_type=stored.content_type)


async def create_file(state: FusiooState, user: User, request: Request) -> dict[str, Any]:
    record_id, field_id = (request.query_params.get(name, "") for name in ("recordId", "fieldId"))
    upload = await receive_upload(request, state.quotas, state.files.total_size)
    if not record_id or not field_id:
        # "When left empty, a temporary file will be created instead", of either.
        record_id = field_id = ""
        held: list[str] = []
    else:
        held = _room_in_field(state, user, record_id, field_id)
    stored = state.files.add(
        upload.name,
        upload.content,
        content_type=upload.content_type,
        person=user.name,
        record_id=record_id,
        field_id=field_id,
    )
    if record_id:
        _write_field(state, user, record_id, field_id, [*held, stored.id])
    return {"id": stored.id, "title": stored.name}


async def delete_file(state: FusiooState, user: User, request: Request) -> dict[str, Any]:
    stored = _find(state, request)
    if stored.is_temporary and stored.created_by != user.name:
        # "You can only [delete] the temporary files you created yourself".
        raise RefusedCallError(Code.FILE_NOT_FOUND)
    if stored.record_id:
        record = _enter(state, user, stored)
        if record.now.deleted:
            raise RefusedCallError(Code.RECORD_NOT_FOUND)
        user.must_be_allowed(Happening.UPDATE, record.app_id)
        kept = [file_id for file_id in record.now.values.get(stored.field_id, ()) if file_id != stored.id]
        _write_field(state, user, record.id, stored.field_id, kept)
    state.conversations.let_go(stored.id)
    state.files.by_id.pop(stored.id, None)
    return {}


def _find(state: FusiooState, request: Request) -> StoredFile:
    stored = state.files.find(request.path_params["file_id"])
    if stored is None:
        raise RefusedCallError(Code.FILE_NOT_FOUND)
    return stored


def _readable(state: FusiooState, user: User, request: Request) -> StoredFile:
    stored = _find(state, request)
    if stored.record_id and _enter(state, user, stored).now.deleted:
        raise RefusedCallError(Code.FILE_NOT_FOUND)
    return stored


def _enter(state: FusiooState, user: User, stored: StoredFile) -> Record:
    """Find the record that holds the file, if this user sees that field of it. Raises RefusedCallError."""
    record = state.records.by_id[stored.record_id]
    user.enter(state.apps, record.app_id)
    if record.id in user.hidden_records or stored.field_id in user.fields_hidden_in(record.app_id):
        raise RefusedCallError(Code.FILE_FIELD_DENIED)
    return record


def _room_in_field(state: FusiooState, user: User, record_id: str, field_id: str) -> list[str]:
    """List the files that a record's field holds, if one more may be put there. Raises RefusedCallError."""
    record = user.open(state.records.by_id, record_id)
    if record.now.deleted:
        raise RefusedCallError(Code.RECORD_NOT_FOUND)
    user.must_be_allowed(Happening.UPDATE, record.app_id)
    field = user.enter(state.apps, record.app_id).field(field_id)
    if field is None or not _open_to(user, record.app_id, field):
        raise RefusedCallError(Code.FILE_FIELD_DENIED)
    held: list[str] = record.now.values.get(field_id, [])
    if held and not field.options.get("allow_multiple", False):
        raise RefusedCallError(Code.TOO_MANY_FILES)
    return held


def _open_to(user: User, app_id: str, field: Field) -> bool:
    closed = user.fields_hidden_in(app_id) | user.fields_locked_in(app_id)
    return field.type is FieldType.FILE and field.settable and field.id not in closed


def _write_field(state: FusiooState, user: User, record_id: str, field_id: str, file_ids: list[str]) -> None:
    told = state.settings.fires(Origin.API)
    state.records.update(record_id, {field_id: file_ids}, person=user.name, told=told)


ENDPOINTS = (
    Endpoint("POST", "/files", create_file, since=FIRST_WITH_FILES),
    Endpoint("GET", "/files/{file_id}", get_file, since=FIRST_WITH_FILES),
    Endpoint("DELETE", "/files/{file_id}", delete_file, since=FIRST_WITH_FILES),
    Endpoint("GET", "/files/download/{file_id}", download_file, since=FIRST_WITH_FILES),
)
