"""`/webhooks`."""

from dataclasses import asdict
from typing import Any

from starlette.requests import Request

from service.dev.simulators.fusioo.access import User
from service.dev.simulators.fusioo.doorway import Endpoint, read_json
from service.dev.simulators.fusioo.envelope import Code, RefusedCallError, invalid
from service.dev.simulators.fusioo.state import FusiooState
from service.dev.simulators.fusioo.webhooks import Webhook, check_webhook


async def list_webhooks(state: FusiooState, _user: User, _request: Request) -> list[dict[str, Any]]:
    return [asdict(webhook) for webhook in state.webhooks.values()]


async def get_webhook(state: FusiooState, _user: User, request: Request) -> dict[str, Any]:
    return asdict(_find(state, request))


async def create_webhook(state: FusiooState, user: User, request: Request) -> dict[str, Any]:
    body = await _checked_body(state, user, request, creating=True)
    return asdict(state.add_webhook(**body))


async def update_webhook(state: FusiooState, user: User, request: Request) -> dict[str, Any]:
    webhook = _find(state, request)
    body = await _checked_body(state, user, request, creating=False)
    for key, value in body.items():
        setattr(webhook, key, value)
    return asdict(webhook)


async def delete_webhook(state: FusiooState, _user: User, request: Request) -> dict[str, Any]:
    del state.webhooks[_find(state, request).id]
    return {}


def _find(state: FusiooState, request: Request) -> Webhook:
    webhook = state.webhooks.get(request.path_params["webhook_id"])
    if webhook is None:
        raise RefusedCallError(Code.WEBHOOK_NOT_FOUND)
    return webhook


async def _checked_body(
    state: FusiooState, user: User, request: Request, *, creating: bool
) -> dict[str, Any]:
    body: dict[str, Any] = await read_json(request)
    problems = check_webhook(body, creating=creating)
    if problems:
        raise invalid(problems)
    if "app_id" in body:
        user.enter(state.apps, body["app_id"])
    return body


ENDPOINTS = (
    Endpoint("GET", "/webhooks", list_webhooks),
    Endpoint("POST", "/webhooks", create_webhook),
    Endpoint("GET", "/webhooks/{webhook_id}", get_webhook),
    Endpoint("PATCH", "/webhooks/{webhook_id}", update_webhook),
    Endpoint("DELETE", "/webhooks/{webhook_id}", delete_webhook),
)
