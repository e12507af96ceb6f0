"""`/records` and `/trash`."""

from typing import Any

from starlette.requests import Request

from service.dev.simulators.fusioo.access import User
from service.dev.simulators.fusioo.doorway import Endpoint, read_json
from service.dev.simulators.fusioo.envelope import Code, RefusedCallError, invalid
from service.dev.simulators.fusioo.filter_forms import read_filter
from service.dev.simulators.fusioo.filters import check_filter, matches
from service.dev.simulators.fusioo.listing import parse_ids, parse_listing
from service.dev.simulators.fusioo.missing_ids import rows_with_missing
from service.dev.simulators.fusioo.origins import Origin
from service.dev.simulators.fusioo.records import Happening, Record
from service.dev.simulators.fusioo.schema import App
from service.dev.simulators.fusioo.state import FusiooState
from service.dev.simulators.fusioo.validation import check_values


async def count_records(state: FusiooState, user: User, request: Request) -> dict[str, int]:
    app = user.enter(state.apps, request.path_params["app_id"])
    return {"count": len(state.rows(user, app))}


async def count_filtered(state: FusiooState, user: User, request: Request) -> dict[str, int]:
    app = user.enter(state.apps, request.path_params["app_id"])
    return {"count": len(await _filtered(state, user, app, request))}


async def list_records(state: FusiooState, user: User, request: Request) -> list[dict[str, Any]]:
    app = user.enter(state.apps, request.path_params["app_id"])
    listing = parse_listing(app, request.query_params, user.fields_hidden_in(app.id), state.settings)
    return listing.arrange(state.rows(user, app, include_deleted=_include_deleted(state, user, request)))


async def filter_records(state: FusiooState, user: User, request: Request) -> list[dict[str, Any] | None]:
    app = user.enter(state.apps, request.path_params["app_id"])
    listing = parse_listing(app, request.query_params, user.fields_hidden_in(app.id), state.settings)
    rows = await _filtered(state, user, app, request)
    missing: set[str] = set()
    if "ids" in request.query_params:
        wanted = set(parse_ids(request.query_params["ids"]))
        rows = [row for row in rows if row["id"] in wanted]
        missing = wanted - {row["id"] for row in rows}
    return rows_with_missing(state.settings, listing.arrange(rows), missing)


async def create_record(state: FusiooState, user: User, request: Request) -> dict[str, Any]:
    app = user.enter(state.apps, request.path_params["app_id"])
    user.must_be_allowed(Happening.CREATE)
    values = await _values(state, user, app, request, creating=True)
    record = state.records.create(
        app.id, with_defaults(app, values), person=user.name, told=state.settings.fires(Origin.API)
    )
    # Version 3's sample shows the id and the key field's value as `title`, not the whole record.
    if state.settings.writes_answer == "record":
        return state.show(user, record, record.now)
    return {"id": record.id, "title": record.now.values[app.key_field.id]}


async def get_record(state: FusiooState, user: User, request: Request) -> dict[str, Any]:
    record = user.open(state.records.by_id, request.path_params["record_id"])
    include_deleted = _include_deleted(state, user, request)
    version = state.seen(record)
    if version is None or (version.deleted and not include_deleted):
        raise RefusedCallError(Code.RECORD_NOT_FOUND)
    return state.show(user, record, version)


async def update_record(state: FusiooState, user: User, request: Request) -> dict[str, Any]:
    record = _open_living(state, user, request)
    user.must_be_allowed(Happening.UPDATE)
    values = await _values(state, user, state.apps[record.app_id], request, creating=False)
    state.records.update(record.id, values, person=user.name, told=state.settings.fires(Origin.API))
    return state.show(user, record, record.now) if state.settings.writes_answer == "record" else {}


async def delete_record(state: FusiooState, user: User, request: Request) -> dict[str, Any]:
    record = _open_living(state, user, request)
    user.must_be_allowed(Happening.DELETE)
    state.records.delete(record.id, person=user.name, told=state.settings.fires(Origin.API))
    return {}


async def get_deleted_record(state: FusiooState, user: User, request: Request) -> dict[str, Any]:
    record = user.open(state.records.by_id, request.path_params["record_id"])
    # 30051 is the only code that the page lists here, so others than administrators get it too.
    if not record.now.deleted or not _may_read_trash(state, user):
        raise RefusedCallError(Code.RECORD_NOT_FOUND)
    return state.show(user, record, record.now)


def with_defaults(app: App, values: dict[str, Any]) -> dict[str, Any]:
    """Add the default option of every list field that is not given."""
    defaults = {field.id: [field.options["default"]] for field in app.fields if "default" in field.options}
    return {**defaults, **values}


def _open_living(state: FusiooState, user: User, request: Request) -> Record:
    record = user.open(state.records.by_id, request.path_params["record_id"])
    if record.now.deleted:
        raise RefusedCallError(Code.RECORD_NOT_FOUND)
    return record


async def _filtered(state: FusiooState, user: User, app: App, request: Request) -> list[dict[str, Any]]:
    body = read_filter(state.settings, await read_json(request))
    problems = check_filter(app, body, user.fields_hidden_in(app.id))
    if problems:
        # No code is published for a wrong filter; the one for validation errors is our guess.
        raise invalid(problems)
    now = state.clock()
    return [row for row in state.rows(user, app) if matches(app, body, row, now)]


async def _values(
    state: FusiooState, user: User, app: App, request: Request, *, creating: bool
) -> dict[str, Any]:
    body = await read_json(request)
    if not isinstance(body, dict):
        raise invalid([{"field": "", "message": "the record must be an object"}])
    problems = check_values(app, body, creating=creating, record_exists=state.link_exists)
    hidden = user.fields_hidden_in(app.id)
    problems += [{"field": name, "message": f"{name} cannot be set"} for name in body if name in hidden]
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
