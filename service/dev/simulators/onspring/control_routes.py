"""`/_sim/…`: what tests and the development environment do to the simulator. No key, loopback only."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from pydantic import TypeAdapter
from starlette.requests import Request
from starlette.routing import Route

from service.dev.simulators.controls import Row, read_object, routes_of
from service.dev.simulators.onspring.access import ApiKey
from service.dev.simulators.onspring.control_records import record_controls
from service.dev.simulators.onspring.filter_matching import check_filter
from service.dev.simulators.onspring.filter_parsing import parse_filter
from service.dev.simulators.onspring.outcomes import Outcome
from service.dev.simulators.onspring.presenting import record_json
from service.dev.simulators.onspring.schema import App, AppField, ListValue, Report
from service.dev.simulators.onspring.state import OnspringState
from service.dev.simulators.onspring.switches import ONSPRING_SWITCHES
from service.dev.simulators.switch_desk import SwitchDesk

_KEY, _VALUES = TypeAdapter(ApiKey), TypeAdapter(list[ListValue])


def control_routes(state: OnspringState) -> list[Route]:
    """Make the routes."""
    control = _Control(state)
    table: list[Row] = [
        ("GET", "/state", control.show),
        ("PUT", "/keys/{key:path}", control.set_key),
        ("DELETE", "/keys/{key:path}", control.delete_key),
        ("PUT", "/lists/{id:int}", control.set_list),
        *_kept("apps", state.apps, TypeAdapter(App)),
        *_kept("fields", state.fields, TypeAdapter(AppField)),
        *_kept("reports", state.reports, TypeAdapter(Report), control.check_asked),
        *_kept("outcomes", state.outcomes, TypeAdapter(Outcome), control.check_asked),
        *record_controls(state),
        *_desk(state).rows(),
    ]
    return routes_of(table)


def _desk(state: OnspringState) -> SwitchDesk:
    def sections() -> dict[str, Any]:
        return {"": state.settings, "deliveries": state.faults.deliveries}

    def put(turned: Mapping[str, Any]) -> None:
        state.settings, state.faults.deliveries = turned[""], turned["deliveries"]

    return SwitchDesk(ONSPRING_SWITCHES, sections, put, lambda: state.faults, state.gate)


def _kept(
    noun: str,
    shelf: dict[int, Any],
    adapter: TypeAdapter[Any],
    check: Callable[[Any], None] = lambda _wanted: None,
) -> list[Row]:
    """Make the routes that set and delete what stands on a shelf by its number."""

    async def put(request: Request) -> Any:
        wanted = adapter.validate_python({**await read_object(request), "id": request.path_params["id"]})
        check(wanted)
        shelf[wanted.id] = wanted
        return adapter.dump_python(wanted, mode="json")

    async def delete(request: Request) -> dict[str, int]:
        return {"id": shelf.pop(request.path_params["id"]).id}

    return [("PUT", f"/{noun}/{{id:int}}", put), ("DELETE", f"/{noun}/{{id:int}}", delete)]


class _Control:
    """A look at everything, and what an administrator sets up."""

    def __init__(self, state: OnspringState) -> None:
        self._state = state

    async def show(self, request: Request) -> dict[str, Any]:
        """`?records=false` leaves the records out, where there are many."""
        state = self._state
        shown = [] if request.query_params.get("records") == "false" else list(state.apps)
        return {
            "counts": {app_id: len(state.records.of(app_id)) for app_id in state.apps},
            "records": {
                app_id: [
                    record_json(state, record, state.fields_of(app_id), "Raw")
                    for record in state.records.of(app_id)
                ]
                for app_id in shown
            },
            "lists": {
                list_id: [value.to_json() for value in values] for list_id, values in state.lists.items()
            },
            "files": [stored.attachment() for stored in list(state.files.by_id.values())],
            "outcomes": TypeAdapter(list[Outcome]).dump_python(list(state.outcomes.values()), mode="json"),
            "calls": [call.to_json() for call in list(state.calls)],
            "deliveries": [delivery.to_json() for delivery in list(state.deliveries)],
        }

    async def set_key(self, request: Request) -> dict[str, Any]:
        """Let a key stand for a role: what `access.ApiKey` holds."""
        key = _KEY.validate_python(await read_object(request))
        self._state.keys[request.path_params["key"]] = key
        return {"name": key.name, "admin": key.admin}

    async def delete_key(self, request: Request) -> dict[str, Any]:
        return {"name": self._state.keys.pop(request.path_params["key"]).name}

    async def set_list(self, request: Request) -> list[dict[str, Any]]:
        """Replace the values of a list: `{"values": [{"id": …, "name": …}]}`."""
        values = _VALUES.validate_python((await read_object(request)).get("values"))
        self._state.lists[request.path_params["id"]] = values
        return [asdict(value) for value in values]

    def check_asked(self, wanted: Report | Outcome) -> None:
        """Raise ValueError for a filter, or a field, that the app cannot be asked."""
        known = {field.id: field for field in self._state.fields_of(wanted.app_id)}
        if wanted.filter:
            check_filter(parse_filter(wanted.filter), known)
        named = wanted.answers.values() if isinstance(wanted, Outcome) else wanted.field_ids
        strangers = [field_id for field_id in named if field_id not in known]
        if strangers:
            raise ValueError(f"app {wanted.app_id} has no field {strangers[0]}")
