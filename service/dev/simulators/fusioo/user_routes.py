"""`/users`."""

from http import HTTPStatus
from typing import Any

from starlette.requests import Request

from service.dev.simulators.fusioo.access import User
from service.dev.simulators.fusioo.doorway import Endpoint
from service.dev.simulators.fusioo.envelope import Code, RefusedCallError
from service.dev.simulators.fusioo.state import FusiooState
from service.dev.simulators.fusioo.views import FIRST_WITH_FILES


async def list_users(state: FusiooState, _user: User, _request: Request) -> list[dict[str, Any]]:
    return [member.to_json() for member in state.members.values()]


async def get_user(state: FusiooState, _user: User, request: Request) -> dict[str, Any]:
    member = state.members.get(request.path_params["user_id"])
    if member is None:
        # The number means another thing in lists of records.
        raise RefusedCallError(Code.USER_NOT_FOUND, status=HTTPStatus.NOT_FOUND, message="User not found")
    return member.to_json()


ENDPOINTS = (
    Endpoint("GET", "/users", list_users, since=FIRST_WITH_FILES),
    Endpoint("GET", "/users/{user_id}", get_user, since=FIRST_WITH_FILES),
)
