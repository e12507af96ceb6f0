"""`/_sim/…`: what tests and the development environment do to the simulator. No token, loopback only."""

from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from service.dev.simulators.controls import Row, read_object, routes_of
from service.dev.simulators.fusioo.control_bulk import bulk_controls
from service.dev.simulators.fusioo.control_company import company_controls
from service.dev.simulators.fusioo.control_records import record_controls
from service.dev.simulators.fusioo.edits import EditStream
from service.dev.simulators.fusioo.state import FusiooState
from service.dev.simulators.fusioo.switch_routes import switch_routes


def control_routes(state: FusiooState, edits: EditStream) -> list[Route]:
    """Make the routes."""
    control = _Control(state, edits)
    table: list[Row] = [
        ("GET", "/state", control.show),
        ("POST", "/edits", control.edit),
        *record_controls(state),
        *bulk_controls(state),
        *company_controls(state),
        *switch_routes(state),
    ]
    return routes_of(table)


class _Control:
    """A look at everything, and the stream of edits."""

    def __init__(self, state: FusiooState, edits: EditStream) -> None:
        self._state, self._edits = state, edits

    async def show(self, request: Request) -> dict[str, Any]:
        """`?records=false` leaves the records out, where there are many."""
        state = self._state
        apps = [] if request.query_params.get("records") == "false" else list(state.apps)
        return {
            "counts": {app_id: state.records.count(app_id) for app_id in state.apps},
            "records": {
                app_id: [record.to_json(record.now) for record in state.records.live(app_id)]
                for app_id in apps
            },
            "trash": [record.id for record in state.records.trash()],
            "discussions": [known.to_json() for known in list(state.conversations.by_id.values())],
            "files": [known.to_json() for known in list(state.files.by_id.values())],
            "webhooks": [asdict(webhook) for webhook in list(state.webhooks.values())],
            "disabled_webhooks": sorted(state.disabled_webhooks),
            "calls": [call.to_json() for call in list(state.calls)],
            "calls_in_window": state.calls_in_window(),
            "deliveries": [delivery.to_json() for delivery in list(state.deliveries)],
            "editing": self._edits.running,
        }

    async def edit(self, request: Request) -> dict[str, bool]:
        """Start a stream of `rate` edits a second under `seed`; a rate of 0 stops it."""
        body = await read_object(request)
        rate, seed = float(body.get("rate", 0)), int(body.get("seed", 0))
        if rate > 0:
            await self._edits.start(rate, seed)
        else:
            await self._edits.stop()
        return {"editing": self._edits.running}
