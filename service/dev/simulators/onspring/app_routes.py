"""`/Ping`, `/Apps`, `/Fields`, `/Lists`: what an instance consists of."""

from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from service.dev.simulators.onspring.access import ApiKey
from service.dev.simulators.onspring.answers import bad, unknown
from service.dev.simulators.onspring.doorway import Endpoint, origin_of, read_json, read_object
from service.dev.simulators.onspring.list_values import checked_list_value, forget_list_value, save_list_value
from service.dev.simulators.onspring.lookups import app_in, field_in
from service.dev.simulators.onspring.paging import batch_answer, batch_of, page_of
from service.dev.simulators.onspring.schema import AppField
from service.dev.simulators.onspring.state import OnspringState


async def ping(_state: OnspringState, _key: ApiKey, _request: Request) -> Response:
    return Response()


async def list_apps(state: OnspringState, key: ApiKey, request: Request) -> dict[str, Any]:
    page = page_of(request)
    seen = [app for app_id, app in sorted(state.apps.items()) if key.may("read", app_id)]
    return page.collection(seen, [app.to_json(origin_of(request)) for app in page.cut(seen)])


async def get_app(state: OnspringState, key: ApiKey, request: Request) -> dict[str, Any]:
    app = app_in(state, request.path_params["app_id"])
    key.must("read", app.id)
    return app.to_json(origin_of(request))


async def batch_get_apps(state: OnspringState, key: ApiKey, request: Request) -> dict[str, Any]:
    wanted = batch_of(await read_json(request))
    seen = [state.apps[app_id] for app_id in wanted if app_id in state.apps and key.may("read", app_id)]
    return batch_answer([app.to_json(origin_of(request)) for app in seen])


async def list_fields(state: OnspringState, key: ApiKey, request: Request) -> dict[str, Any]:
    page, app = page_of(request), app_in(state, request.path_params["app_id"])
    key.must("read", app.id)
    seen = [field for field in state.fields_of(app.id) if key.sees(field)]
    return page.collection(seen, [_shown(state, field) for field in page.cut(seen)])


async def get_field(state: OnspringState, key: ApiKey, request: Request) -> dict[str, Any]:
    field = field_in(state, request.path_params["field_id"])
    key.must_see(field)
    return _shown(state, field)


async def batch_get_fields(state: OnspringState, key: ApiKey, request: Request) -> dict[str, Any]:
    wanted = batch_of(await read_json(request))
    found = [state.fields[field_id] for field_id in wanted if field_id in state.fields]
    seen = [field for field in found if key.may("read", field.app_id) and key.sees(field)]
    return batch_answer([_shown(state, field) for field in seen])


async def put_list_value(state: OnspringState, key: ApiKey, request: Request) -> Response:
    list_id = request.path_params["list_id"]
    if list_id not in state.lists:
        raise unknown(f"List {list_id}")
    key.must_edit_lists(list_id)
    try:
        wanted = checked_list_value(state, list_id, await read_object(request))
    except ValueError as error:
        raise bad(str(error)) from error
    is_new = wanted.id not in {value.id for value in state.lists[list_id]}
    save_list_value(state, list_id, wanted)
    return JSONResponse({"id": wanted.id}, HTTPStatus.CREATED if is_new else HTTPStatus.OK)


async def delete_list_value(state: OnspringState, key: ApiKey, request: Request) -> Response:
    list_id, value_id = request.path_params["list_id"], request.path_params["value_id"]
    known = [value for value in state.lists.get(list_id, []) if value.id == value_id.lower()]
    if list_id not in state.lists or not known:
        raise unknown(f"List value {value_id} of list {list_id}")
    key.must_edit_lists(list_id)
    forget_list_value(state, list_id, known[0])
    return Response(status_code=HTTPStatus.NO_CONTENT)


def _shown(state: OnspringState, field: AppField) -> dict[str, Any]:
    return field.to_json(state.values_of(field))


ENDPOINTS = (
    Endpoint("GET", "/Ping", ping, needs_key=False),
    Endpoint("GET", "/Apps", list_apps),
    Endpoint("GET", "/Apps/id/{app_id:int}", get_app),
    Endpoint("POST", "/Apps/batch-get", batch_get_apps),
    Endpoint("GET", "/Fields/appId/{app_id:int}", list_fields),
    Endpoint("GET", "/Fields/id/{field_id:int}", get_field),
    Endpoint("POST", "/Fields/batch-get", batch_get_fields),
    Endpoint("PUT", "/Lists/id/{list_id:int}/items", put_list_value),
    Endpoint("DELETE", "/Lists/id/{list_id:int}/itemId/{value_id}", delete_list_value),
)
