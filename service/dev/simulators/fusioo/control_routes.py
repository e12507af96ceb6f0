"""`/_sim/…`: what tests and the development environment do to the simulator. No token, loopback only."""

from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from service.dev.simulators.fusioo.controls import Row, person_in, read_object, routes_of
from service.dev.simulators.fusioo.edits import EditStream
from service.dev.simulators.fusioo.origins import Origin
from service.dev.simulators.fusioo.record_routes import with_defaults
from service.dev.simulators.fusioo.state import FusiooState
from service.dev.simulators.fusioo.switch_routes import switch_routes
from service.dev.simulators.fusioo.validation import check_values


def control_routes(state: FusiooState, edits: EditStream) -> list[Route]:
    """Make the routes."""
    control = _Control(state, edits)
    table: list[Row] = [
        ("GET", "/state", control.show),
        ("POST", "/records/{app_id}", control.create),
        ("PATCH", "/records/{record_id}", control.update),
        ("DELETE", "/records/{record_id}", control.delete),
        ("POST", "/records/{record_id}/restore", control.restore),
        ("POST", "/edits", control.edit),
        *switch_routes(state),
    ]
    return routes_of(table)


class _Control:
    """Edits made here cost no call. They are a person's, or what `?origin=` says (`bulk`, `import`, …)."""

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
            "disabled_webhooks": sorted(state.disabled_webhooks),
            "calls": [call.to_json() for call in list(state.calls)],
            "calls_in_window": state.calls_in_window(),
            "deliveries": [delivery.to_json() for delivery in list(state.deliveries)],
            "editing": self._edits.running,
        }

    async def create(self, request: Request) -> dict[str, str]:
        app = self._state.apps[request.path_params["app_id"]]
        values = await read_object(request)
        self._check(app.id, values, creating=True)
        record = self._state.records.create(
            app.id, with_defaults(app, values), person=person_in(request), told=self._told(request)
        )
        return {"id": record.id}

    async def update(self, request: Request) -> dict[str, str]:
        record = self._state.records.living(request.path_params["record_id"])
        values = await read_object(request)
        self._check(record.app_id, values, creating=False)
        self._state.records.update(record.id, values, person=person_in(request), told=self._told(request))
        return {"id": record.id}

    async def delete(self, request: Request) -> dict[str, str]:
        """`?permanently=true` leaves nothing in the trash, and tells no webhook."""
        record_id = request.path_params["record_id"]
        if request.query_params.get("permanently") == "true":
            self._state.records.purge(record_id)
        else:
            self._state.records.delete(record_id, person=person_in(request), told=self._told(request))
        return {"id": record_id}

    async def restore(self, request: Request) -> dict[str, str]:
        record_id = request.path_params["record_id"]
        told_as = self._state.settings.restore_fires
        self._state.records.restore(record_id, person=person_in(request), told_as=told_as)
        return {"id": record_id}

    async def edit(self, request: Request) -> dict[str, bool]:
        """Start a stream of `rate` edits a second under `seed`; a rate of 0 stops it."""
        body = await read_object(request)
        rate, seed = float(body.get("rate", 0)), int(body.get("seed", 0))
        if rate > 0:
            await self._edits.start(rate, seed)
        else:
            await self._edits.stop()
        return {"editing": self._edits.running}

    def _told(self, request: Request) -> bool:
        return self._state.settings.fires(_origin(request))

    def _check(self, app_id: str, values: dict[str, Any], *, creating: bool) -> None:
        problems = check_values(
            self._state.apps[app_id], values, creating=creating, record_exists=self._state.link_exists
        )
        if problems:
            raise ValueError("; ".join(problem["message"] for problem in problems))


def _origin(request: Request) -> Origin:
    """Read `?origin=`: how the record is said to be written. Raises ValueError."""
    return Origin(request.query_params.get("origin", Origin.PERSON))
