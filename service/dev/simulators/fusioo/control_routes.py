"""`/_sim/…`: what tests and the development environment do to the simulator. No token, loopback only."""

import ipaddress
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from service.dev.simulators.fusioo.edits import EditStream
from service.dev.simulators.fusioo.record_routes import with_defaults
from service.dev.simulators.fusioo.state import FusiooState
from service.dev.simulators.fusioo.validation import check_values

_Act = Callable[[Request], Awaitable[Any]]


def control_routes(state: FusiooState, edits: EditStream) -> list[Route]:
    """Make the routes. Every answer is JSON; 400 says what was wrong, 404 that something is not there."""
    control = _Control(state, edits)
    table: list[tuple[str, str, _Act]] = [
        ("GET", "/state", control.show),
        ("POST", "/records/{app_id}", control.create),
        ("PATCH", "/records/{record_id}", control.update),
        ("DELETE", "/records/{record_id}", control.delete),
        ("POST", "/records/{record_id}/restore", control.restore),
        ("POST", "/faults", control.set_faults),
        ("DELETE", "/faults", control.clear_faults),
        ("GET", "/held", control.held),
        ("POST", "/release", control.release),
        ("POST", "/edits", control.edit),
    ]
    return [Route(f"/_sim{path}", _guarded(act), methods=[method]) for method, path, act in table]


def _guarded(act: _Act) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        if request.client is None or not ipaddress.ip_address(request.client.host).is_loopback:
            return JSONResponse({"error": "only from this machine"}, HTTPStatus.FORBIDDEN)
        try:
            return JSONResponse(await act(request))
        except KeyError as error:
            return JSONResponse({"error": f"{error} is not there"}, HTTPStatus.NOT_FOUND)
        except ValueError as error:
            return JSONResponse({"error": str(error)}, HTTPStatus.BAD_REQUEST)

    return endpoint


class _Control:
    """Edits made here are a person's: they cost no call, and webhooks are told of them."""

    def __init__(self, state: FusiooState, edits: EditStream) -> None:
        self._state, self._edits = state, edits

    async def show(self, _request: Request) -> dict[str, Any]:
        state = self._state
        return {
            "records": {
                app_id: [record.to_json(record.now) for record in state.records.live(app_id)]
                for app_id in state.apps
            },
            "trash": [record.id for record in state.records.trash()],
            "webhooks": [asdict(webhook) for webhook in list(state.webhooks.values())],
            "calls": [call.to_json() for call in list(state.calls)],
            "calls_in_window": state.calls_in_window(),
            "deliveries": [delivery.to_json() for delivery in list(state.deliveries)],
            "editing": self._edits.running,
        }

    async def create(self, request: Request) -> dict[str, str]:
        app = self._state.apps[request.path_params["app_id"]]
        values = await _body(request)
        self._check(app.id, values, creating=True)
        record = self._state.records.create(app.id, with_defaults(app, values), person=_person(request))
        return {"id": record.id}

    async def update(self, request: Request) -> dict[str, str]:
        record = self._state.records.living(request.path_params["record_id"])
        values = await _body(request)
        self._check(record.app_id, values, creating=False)
        self._state.records.update(record.id, values, person=_person(request))
        return {"id": record.id}

    async def delete(self, request: Request) -> dict[str, str]:
        """`?permanently=true` leaves nothing in the trash, and tells no webhook."""
        record_id = request.path_params["record_id"]
        if request.query_params.get("permanently") == "true":
            self._state.records.purge(record_id)
        else:
            self._state.records.delete(record_id, person=_person(request))
        return {"id": record_id}

    async def restore(self, request: Request) -> dict[str, str]:
        record_id = request.path_params["record_id"]
        told_as = self._state.settings.restore_fires
        self._state.records.restore(record_id, person=_person(request), told_as=told_as)
        return {"id": record_id}

    async def set_faults(self, request: Request) -> dict[str, Any]:
        """Replace the sections named in the body: `deliveries`, `answers`, `holds`, `reads`."""
        self._state.faults.replace(await _body(request))
        return asdict(self._state.faults)

    async def clear_faults(self, _request: Request) -> dict[str, Any]:
        self._state.faults.clear()
        return asdict(self._state.faults)

    async def held(self, _request: Request) -> list[dict[str, Any]]:
        return [asdict(call) for call in self._state.gate.held]

    async def release(self, request: Request) -> dict[str, int]:
        """Release the oldest `count` held calls; without `count` all."""
        count = (await _body(request)).get("count")
        if not isinstance(count, int | None):
            raise ValueError("count must be a whole number")  # noqa: TRY004 (a wrong body is a wrong value here)
        return {"released": self._state.gate.release(count)}

    async def edit(self, request: Request) -> dict[str, bool]:
        """Start a stream of `rate` edits a second under `seed`; a rate of 0 stops it."""
        body = await _body(request)
        rate, seed = float(body.get("rate", 0)), int(body.get("seed", 0))
        if rate > 0:
            await self._edits.start(rate, seed)
        else:
            await self._edits.stop()
        return {"editing": self._edits.running}

    def _check(self, app_id: str, values: dict[str, Any], *, creating: bool) -> None:
        problems = check_values(
            self._state.apps[app_id], values, creating=creating, record_exists=self._state.link_exists
        )
        if problems:
            raise ValueError("; ".join(problem["message"] for problem in problems))


async def _body(request: Request) -> dict[str, Any]:
    content = await request.json() if await request.body() else {}
    if not isinstance(content, dict):
        raise ValueError("the body must be an object")  # noqa: TRY004 (a wrong body is a wrong value here)
    return content


def _person(request: Request) -> str:
    return request.query_params.get("person", "Sarah May")
