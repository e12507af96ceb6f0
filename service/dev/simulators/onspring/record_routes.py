"""`/Records`, reading and deleting."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from service.dev.simulators.onspring.access import ApiKey
from service.dev.simulators.onspring.answers import bad
from service.dev.simulators.onspring.doorway import Endpoint, read_object
from service.dev.simulators.onspring.filter_matching import check_filter, matches
from service.dev.simulators.onspring.filter_parsing import parse_filter
from service.dev.simulators.onspring.limits import must_be_quick, within_limits
from service.dev.simulators.onspring.lookups import app_in, fields_to_show, record_in
from service.dev.simulators.onspring.paging import batch_answer, batch_of, page_of, parameter
from service.dev.simulators.onspring.presenting import DataFormat, record_json
from service.dev.simulators.onspring.records import Record
from service.dev.simulators.onspring.save_routes import save_record
from service.dev.simulators.onspring.state import OnspringState
from service.dev.simulators.onspring.writing import delete_record as forget_record


async def list_records(state: OnspringState, key: ApiKey, request: Request) -> dict[str, Any]:
    page, app = page_of(request), app_in(state, request.path_params["app_id"])
    show = _Show(state, key, app.id, _ids_in_query(request), parameter(request, "dataFormat"))
    records = state.records.of(app.id)
    must_be_quick(state, page.size)
    return within_limits(state, page.collection(records, show.all(page.cut(records))))


async def get_record(state: OnspringState, key: ApiKey, request: Request) -> dict[str, Any]:
    app = app_in(state, request.path_params["app_id"])
    show = _Show(state, key, app.id, _ids_in_query(request), parameter(request, "dataFormat"))
    return show.one(record_in(state, app.id, request.path_params["record_id"]))


async def batch_get_records(state: OnspringState, key: ApiKey, request: Request) -> dict[str, Any]:
    body = await read_object(request)
    app, wanted = app_in(state, _app_id(body)), batch_of(body.get("recordIds"))
    show = _Show(state, key, app.id, _ids_in_body(body), body.get("dataFormat"))
    must_be_quick(state, len(wanted))
    found = [state.records.find(app.id, record_id) for record_id in wanted]
    return within_limits(state, batch_answer(show.all([record for record in found if record is not None])))


async def query_records(state: OnspringState, key: ApiKey, request: Request) -> dict[str, Any]:
    page, body = page_of(request), await read_object(request)
    app = app_in(state, _app_id(body))
    text = body.get("filter")
    if not isinstance(text, str) or not text.strip():
        raise bad("The filter field is required.")
    show = _Show(state, key, app.id, _ids_in_body(body), body.get("dataFormat"))
    seen = {field.id: field for field in state.fields_of(app.id) if key.sees(field)}
    try:
        wanted = parse_filter(text, state.settings.quote_escape)
        check_filter(wanted, seen)
    except ValueError as error:
        raise bad(f"The filter is not valid: {error}") from error
    must_be_quick(state, page.size)
    records = [record for record in state.records.of(app.id) if matches(state, wanted, record)]
    return within_limits(state, page.collection(records, show.all(page.cut(records))))


async def delete_record(state: OnspringState, key: ApiKey, request: Request) -> Response:
    app = app_in(state, request.path_params["app_id"])
    key.must("delete", app.id)
    forget_record(state, record_in(state, app.id, request.path_params["record_id"]))
    return Response(status_code=HTTPStatus.NO_CONTENT)


async def batch_delete_records(state: OnspringState, key: ApiKey, request: Request) -> Response:
    """Delete those that are there: 204 does not say that all of them were."""
    body = await read_object(request)
    app, wanted = app_in(state, _app_id(body)), batch_of(body.get("recordIds"))
    key.must("delete", app.id)
    for record in [state.records.find(app.id, record_id) for record_id in wanted]:
        if record is not None:
            forget_record(state, record)
    return Response(status_code=HTTPStatus.NO_CONTENT)


class _Show:
    """How one call wants records to be shown. Raises RefusedCallError (400, 403)."""

    def __init__(
        self, state: OnspringState, key: ApiKey, app_id: int, field_ids: list[int] | None, data_format: Any
    ) -> None:
        key.must("read", app_id)
        self._state = state
        self._fields = fields_to_show(state, key, app_id, field_ids)
        self._format = read_format(data_format, "dataFormat")

    def one(self, record: Record) -> dict[str, Any]:
        return record_json(self._state, record, self._fields, self._format)

    def all(self, records: Sequence[Record]) -> list[dict[str, Any]]:
        return [self.one(record) for record in records]


def read_format(text: Any, name: str) -> DataFormat:
    """Read a data format. Raises RefusedCallError (400)."""
    match str(text or "Raw").lower():
        case "raw":
            return "Raw"
        case "formatted":
            return "Formatted"
    raise bad(f"The value {text!r} is not valid for {name}: it is Raw or Formatted")


def _app_id(body: dict[str, Any]) -> int:
    app_id = body.get("appId")
    if isinstance(app_id, bool) or not isinstance(app_id, int):
        raise bad("The appId field is required.")
    return app_id


def _ids_in_query(request: Request) -> list[int] | None:
    text = parameter(request, "fieldIds")
    try:
        return [int(part) for part in text.split(",")] if text else None
    except ValueError:
        raise bad("fieldIds must be whole numbers, with commas between them") from None


def _ids_in_body(body: dict[str, Any]) -> list[int] | None:
    wanted = body.get("fieldIds")
    if wanted is not None and not (isinstance(wanted, list) and all(isinstance(one, int) for one in wanted)):
        raise bad("fieldIds must be an array of whole numbers")
    return wanted


ENDPOINTS = (
    Endpoint("GET", "/Records/appId/{app_id:int}", list_records),
    Endpoint("GET", "/Records/appId/{app_id:int}/recordId/{record_id:int}", get_record),
    Endpoint("POST", "/Records/batch-get", batch_get_records),
    Endpoint("POST", "/Records/Query", query_records),
    Endpoint("PUT", "/Records", save_record),
    Endpoint("DELETE", "/Records/appId/{app_id:int}/recordId/{record_id:int}", delete_record),
    Endpoint("POST", "/Records/batch-delete", batch_delete_records),
)
