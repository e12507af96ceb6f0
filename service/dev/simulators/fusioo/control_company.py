"""`/_sim/tokens`, `/applications`, `/apps`, `/members`, …: what an administrator sets up."""

from dataclasses import asdict
from typing import Any

from pydantic import TypeAdapter
from starlette.requests import Request

from service.dev.simulators.controls import Row, read_object
from service.dev.simulators.fusioo.access import User
from service.dev.simulators.fusioo.filters import check_filter
from service.dev.simulators.fusioo.members import Member
from service.dev.simulators.fusioo.quotas import Quotas
from service.dev.simulators.fusioo.records import Happening
from service.dev.simulators.fusioo.schema import App
from service.dev.simulators.fusioo.state import FusiooState

_USER, _MEMBER, _QUOTAS = TypeAdapter(User), TypeAdapter(Member), TypeAdapter(Quotas)
_HAPPENINGS = TypeAdapter(frozenset[Happening])


def company_controls(state: FusiooState) -> list[Row]:
    """List the routes."""
    control = _CompanyControl(state)
    return [
        ("PUT", "/tokens/{token}", control.set_token),
        ("DELETE", "/tokens/{token}", control.delete_token),
        ("PUT", "/applications/{client_id}", control.set_application),
        ("PUT", "/apps/{app_id}", control.set_app),
        ("DELETE", "/apps/{app_id}", control.delete_app),
        ("PUT", "/members/{user_id}", control.set_member),
        ("DELETE", "/members/{user_id}", control.delete_member),
        ("GET", "/workflows", control.workflows),
        ("POST", "/workflows", control.make_workflow),
        ("DELETE", "/workflows/{workflow_id}", control.delete_workflow),
        ("PATCH", "/quotas", control.set_quotas),
    ]


class _CompanyControl:
    """None of it can be done through the provider's API."""

    def __init__(self, state: FusiooState) -> None:
        self._state = state

    async def set_token(self, request: Request) -> dict[str, Any]:
        """Let a token stand for a user: `name` and what `access.User` holds besides."""
        user = _USER.validate_python(await read_object(request))
        self._state.users[request.path_params["token"]] = user
        return {"name": user.name, "admin": user.admin}

    async def delete_token(self, request: Request) -> dict[str, Any]:
        return {"name": self._state.users.pop(request.path_params["token"]).name}

    async def set_application(self, request: Request) -> dict[str, Any]:
        """Register an OAuth application: `client_secret`, and the user whom it acts for, as for a token."""
        body, client_id = await read_object(request), request.path_params["client_id"]
        secret = body.pop("client_secret", None)
        if not isinstance(secret, str) or not secret:
            raise ValueError("client_secret must be a text")
        self._state.oauth.register(client_id, secret, _USER.validate_python(body))
        return {"client_id": client_id, "refresh_token": self._state.oauth.authorise(client_id)}

    async def set_app(self, request: Request) -> dict[str, Any]:
        """Add or replace an app; the body is as `GET /apps/{id}` shows one."""
        app = App.from_json({**await read_object(request), "id": request.path_params["app_id"]})
        self._state.apps[app.id] = app
        return app.to_json()

    async def delete_app(self, request: Request) -> dict[str, Any]:
        return {"id": self._state.apps.pop(request.path_params["app_id"]).id}

    async def set_member(self, request: Request) -> dict[str, Any]:
        """Add or replace a user of the account; the body is as `GET /users/{id}` shows one."""
        shown = {**await read_object(request), "id": request.path_params["user_id"]}
        member = _MEMBER.validate_python(shown)
        self._state.members[member.id] = member
        return member.to_json()

    async def delete_member(self, request: Request) -> dict[str, Any]:
        return {"id": self._state.members.pop(request.path_params["user_id"]).id}

    async def workflows(self, _request: Request) -> list[dict[str, Any]]:
        return [workflow.to_json() for workflow in self._state.workflows.values()]

    async def make_workflow(self, request: Request) -> dict[str, Any]:
        """Make a workflow that sends a webhook: `{app_id, url, name?, on?, conditions?}`."""
        body = await read_object(request)
        app, url = self._state.apps[body.get("app_id", "")], body.get("url")
        conditions = body.get("conditions", {})
        problems = check_filter(app, conditions, frozenset())
        if not isinstance(url, str) or problems:
            raise ValueError("; ".join(problem["message"] for problem in problems) or "url must be a text")
        happenings = _HAPPENINGS.validate_python(body.get("on", list(Happening)))
        name = str(body.get("name", "Workflow"))
        return self._state.add_workflow(name, app, url, happenings, conditions).to_json()

    async def delete_workflow(self, request: Request) -> dict[str, Any]:
        return {"id": self._state.workflows.pop(request.path_params["workflow_id"]).id}

    async def set_quotas(self, request: Request) -> dict[str, Any]:
        """Change some of the limits in `quotas.Quotas`."""
        wanted = {**asdict(self._state.quotas), **await read_object(request)}
        self._state.quotas = _QUOTAS.validate_python(wanted)
        shown = asdict(self._state.quotas)
        return {**shown, "refused_extensions": sorted(shown["refused_extensions"])}
