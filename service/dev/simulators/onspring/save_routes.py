"""`PUT /Records`."""

from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from service.dev.simulators.onspring.access import ApiKey
from service.dev.simulators.onspring.answers import bad
from service.dev.simulators.onspring.doorway import read_object
from service.dev.simulators.onspring.lookups import app_in, record_in
from service.dev.simulators.onspring.state import OnspringState
from service.dev.simulators.onspring.writing import checked_values, must_be_complete


async def save_record(state: OnspringState, key: ApiKey, request: Request) -> Response:
    """Create (201) or update (200); fields are set by their ids, and refused with what is wrong."""
    body = await read_object(request)
    app_id, record_id = _whole(body, "appId"), _whole(body, "recordId")
    if app_id is None:
        raise bad("The appId field is required.")
    app = app_in(state, app_id)
    record = None if record_id is None else record_in(state, app.id, record_id)
    key.must("create" if record is None else "update", app.id)
    given, warnings = _known(state, app.id, body.get("fields"))
    for field_id in given:
        key.must_set(state.fields[field_id])
    try:
        values = checked_values(state, app.id, given, record)
        must_be_complete(state, app.id, values, record)
    except ValueError as error:
        raise bad(str(error)) from error
    told = state.settings.api_writes_fire
    if record is None:
        made = state.records.create(app.id, values, person=key.person, told=told)
        return JSONResponse({"id": made.id, "warnings": warnings}, HTTPStatus.CREATED)
    state.records.update(record, values, person=key.person, told=told)
    return JSONResponse({"id": record.id, "warnings": warnings})


def _known(state: OnspringState, app_id: int, fields: Any) -> tuple[dict[int, Any], list[str]]:
    """Take the fields of the app out of the body, with warnings for the others. Raises RefusedCallError."""
    if not isinstance(fields, dict) or not fields:
        raise bad("The fields field is required, and must not be empty.")
    own = {str(field.id) for field in state.fields_of(app_id)}
    warnings = [f"Field {name} could not be found in app {app_id}" for name in fields if name not in own]
    if warnings and state.settings.unknown_fields == "refused":
        raise bad(warnings[0])
    return {int(name): value for name, value in fields.items() if name in own}, warnings


def _whole(body: dict[str, Any], name: str) -> int | None:
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, int | None):
        raise bad(f"{name} must be a whole number")
    return value
