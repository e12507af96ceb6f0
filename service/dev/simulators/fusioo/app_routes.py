"""`/ping` and `/apps`."""

from typing import Any

from starlette.requests import Request

from service.dev.simulators.fusioo.access import User
from service.dev.simulators.fusioo.doorway import Endpoint
from service.dev.simulators.fusioo.state import FusiooState


async def ping(_state: FusiooState, _user: User, _request: Request) -> dict[str, Any]:
    return {}


async def list_apps(state: FusiooState, user: User, _request: Request) -> list[dict[str, Any]]:
    visible = sorted(
        (app for app in state.apps.values() if app.id not in user.hidden_apps), key=lambda app: app.name
    )
    return [app.to_json(user.fields_hidden_in(app.id), user.fields_locked_in(app.id)) for app in visible]


async def get_app(state: FusiooState, user: User, request: Request) -> dict[str, Any]:
    app = user.enter(state.apps, request.path_params["app_id"])
    return app.to_json(user.fields_hidden_in(app.id), user.fields_locked_in(app.id))


ENDPOINTS = (
    Endpoint("GET", "/ping", ping, rate_limited=False),
    Endpoint("GET", "/apps", list_apps),
    Endpoint("GET", "/apps/", list_apps),  # the page shows both forms
    Endpoint("GET", "/apps/{app_id}", get_app),
)
