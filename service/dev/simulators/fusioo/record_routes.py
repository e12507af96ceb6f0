"""`/records` and `/trash`."""

from typing import Any

from starlette.requests import Request

from service.dev.simulators.fusioo.access import User
from service.dev.simulators.fusioo.defaults import with_defaults
from service.dev.simulators.fusioo.doorway import Endpoint, read_json, version_of
from service.dev.simulators.fusioo.envelope import Code, RefusedCallError, invalid
from service.dev.simulators.fusioo.filter_forms import read_filter
from service.dev.simulators.fusioo.filters import check_filter
from service.dev.simulators.fusioo.listing import parse_ids, parse_listing
from service.dev.simulators.fusioo.missing_ids import rows_with_missing
from service.dev.simulators.fusioo.origins import Origin
from service.dev.simulators.fusioo.records import Happening, Record
from service.dev.simulators.fusioo.state import FusiooState
from service.dev.simulators.fusioo.views import View
from service.dev.simulators.fusioo.writing import problems_of, settle_files

_RETURNS_RECORDS = 2
"""The version that "includes the record data" in the answers of create and update (overview page)."""


async def count_records(state: FusiooState, user: User, request: Request) -> dict[str, int]:
    return {"count": _view(state, user, request).count()}


async def count_filtered(state: FusiooState, user: User, request: Request) -> dict[str, int]:
    view = _view(state, user, request)
    return {"count": view.count(await _filter(state, view, request))}


async def list_records(state: FusiooState, user: User, request: Request) -> list[dict[str, Any]]:
    view = _view(state, user, request)
    listing = parse_listing(view.app, request.query_params, view.hidden, state.settings, version_of(request))
    rows = view.page(listing, include_deleted=_include_deleted(state, user, request))
    state.shifting.listed(view.app.id)
    return rows


async def filter_records(state: FusiooState, user: User, request: Request) -> list[dict[str, Any] | None]:
    view = _view(state, user, request)
    listing = parse_listing(view.app, request.query_params, view.hidden, state.settings, version_of(request))
    body = await _filter(state, view, request)
    if "ids" in request.query_params:
        ids = parse_ids(request.query_params["ids"])
        rows, missing = view.filtered_page(listing, body, ids), set(ids) - view.found(ids, body)
        return rows_with_missing(state.settings, rows, missing)
    rows = view.filtered_page(listing, body, None)
    state.shifting.listed(view.app.id)
    return list(rows)


async def create_record(state: FusiooState, user: User, request: Request) -> dict[str, Any]:
    view = _view(state, user, request)
    user.must_be_allowed(Happening.CREATE, view.app.id)
    values = await _values(state, user, view, request)
    record = state.records.create(
        view.app.id,
        with_defaults(state, view.app, values),
        person=user.name,
        told=state.settings.fires(Origin.API),
    )
    settle_files(state, view.app, record, values)
    if _answers_records(state, request):
        return view.show(record, record.now)
    # Version 3's sample shows the id and the key field's value as `title`, not the whole record.
    return {"id": record.id, "title": record.now.values.get(view.app.key_field.id)}


async def get_record(state: FusiooState, user: User, request: Request) -> dict[str, Any]:
    record = _open(state, user, request)
    include_deleted = _include_deleted(state, user, request)
    version = state.seen(record)
    if version is None or (version.deleted and not include_deleted):
        raise RefusedCallError(Code.RECORD_NOT_FOUND)
    return _view_of(state, user, request, record).show(record, version)


async def update_record(state: FusiooState, user: User, request: Request) -> dict[str, Any]:
    record = _open_living(state, user, request)
    user.must_be_allowed(Happening.UPDATE, record.app_id)
    view = _view_of(state, user, request, record)
    values = await _values(state, user, view, request, record)
    state.records.update(record.id, values, person=user.name, told=state.settings.fires(Origin.API))
    settle_files(state, view.app, record, values)
    return view.show(record, record.now) if _answers_records(state, request) else {}


async def delete_record(state: FusiooState, user: User, request: Request) -> dict[str, Any]:
    record = _open_living(state, user, request)
    user.must_be_allowed(Happening.DELETE, record.app_id)
    state.records.delete(record.id, person=user.name, told=state.settings.fires(Origin.API))
    return {}


async def get_deleted_record(state: FusiooState, user: User, request: Request) -> dict[str, Any]:
    record = _open(state, user, request)
    # 30051 is the only code that the page lists here, so others than administrators get it too.
    if not record.now.deleted or not _may_read_trash(state, user):
        raise RefusedCallError(Code.RECORD_NOT_FOUND)
    return _view_of(state, user, request, record).show(record, record.now)


def _answers_records(state: FusiooState, request: Request) -> bool:
    if version_of(request) == _RETURNS_RECORDS:
        return True
    return version_of(request) > _RETURNS_RECORDS and state.settings.writes_answer == "record"


def _view(state: FusiooState, user: User, request: Request) -> View:
    app = user.enter(state.apps, request.path_params["app_id"])
    return View(state, user, app, version_of(request))


def _view_of(state: FusiooState, user: User, request: Request, record: Record) -> View:
    return View(state, user, state.apps[record.app_id], version_of(request))


def _open(state: FusiooState, user: User, request: Request) -> Record:
    record = user.open(state.records.by_id, request.path_params["record_id"])
    if record.app_id not in state.apps:  # the app was deleted; 30000 stands in no table of these endpoints
        raise RefusedCallError(Code.RECORD_NOT_FOUND)
    return record


def _open_living(state: FusiooState, user: User, request: Request) -> Record:
    record = _open(state, user, request)
    if record.now.deleted:
        raise RefusedCallError(Code.RECORD_NOT_FOUND)
    return record


async def _filter(state: FusiooState, view: View, request: Request) -> dict[str, Any]:
    body: dict[str, Any] = read_filter(state.settings, await read_json(request))
    problems = check_filter(view.app, body, view.hidden)
    if problems:
        # No code is published for a wrong filter; the one for validation errors is our guess.
        raise invalid(problems)
    return body


async def _values(
    state: FusiooState, user: User, view: View, request: Request, record: Record | None = None
) -> dict[str, Any]:
    body = await read_json(request)
    if not isinstance(body, dict):
        raise invalid([{"field": "", "message": "the record must be an object"}])
    problems = problems_of(state, view.app, body, record=record)
    closed = view.hidden | user.fields_locked_in(view.app.id)
    problems += [{"field": name, "message": f"{name} cannot be set"} for name in body if name in closed]
    if problems:
        raise invalid(problems)
    return body


def _may_read_trash(state: FusiooState, user: User) -> bool:
    return user.admin and state.settings.trash_for_admins


def _include_deleted(state: FusiooState, user: User, request: Request) -> bool:
    wanted = request.query_params.get("includeDeleted", "false").lower() == "true"
    if wanted and not _may_read_trash(state, user):
        # "Can only be used by Fusioo Admins"; which code others get is not published.
        raise RefusedCallError(Code.APP_DENIED)
    return wanted


ENDPOINTS = (
    Endpoint("GET", "/records/apps/{app_id}/count", count_records),
    Endpoint("POST", "/records/apps/{app_id}/count/filter", count_filtered),
    Endpoint("POST", "/records/apps/{app_id}/filter", filter_records),
    Endpoint("GET", "/records/apps/{app_id}", list_records),
    Endpoint("POST", "/records/apps/{app_id}", create_record),
    Endpoint("GET", "/records/{record_id}", get_record),
    Endpoint("PATCH", "/records/{record_id}", update_record),
    Endpoint("DELETE", "/records/{record_id}", delete_record),
    Endpoint("GET", "/trash/records/{record_id}", get_deleted_record),
)
