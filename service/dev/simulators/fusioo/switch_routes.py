"""`/_sim/switches`, `/_sim/faults` and what belongs to them: the switches, while the simulator runs."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from pydantic import TypeAdapter
from starlette.requests import Request

from service.dev.simulators.fusioo.controls import Row, read_object
from service.dev.simulators.fusioo.state import FusiooState
from service.dev.simulators.fusioo.switches import SECTIONS, switches, turned


def switch_routes(state: FusiooState) -> list[Row]:
    """List the routes."""
    desk = _Desk(state)
    return [
        ("GET", "/switches", desk.show),
        ("POST", "/switches", desk.set),
        ("DELETE", "/switches", desk.restore),
        ("GET", "/faults", desk.show_faults),
        ("POST", "/faults", desk.set_faults),
        ("DELETE", "/faults", desk.clear_faults),
        ("GET", "/held", desk.held),
        ("POST", "/release", desk.release),
        ("POST", "/webhooks/{webhook_id}/enable", desk.enable_webhook),
    ]


class _Desk:
    """Switches are shown as they are after each act."""

    def __init__(self, state: FusiooState) -> None:
        self._state = state
        self._first = turned(_sections_of(state), {})

    async def show(self, _request: Request) -> dict[str, Any]:
        sections = _sections_of(self._state)
        plain = {
            name: TypeAdapter[Any](owner).dump_python(sections[name], mode="json")
            for name, owner in SECTIONS.items()
        }
        return {switch.name: plain[switch.section][switch.key] for switch in switches()}

    async def set(self, request: Request) -> dict[str, Any]:
        """Set those that are named; if one is wrong, none is set."""
        _put(self._state, turned(_sections_of(self._state), await read_object(request)))
        return await self.show(request)

    async def restore(self, request: Request) -> dict[str, Any]:
        """Put all back to how the simulator was started."""
        _put(self._state, turned(self._first, {}))
        return await self.show(request)

    async def show_faults(self, _request: Request) -> dict[str, Any]:
        return asdict(self._state.faults)

    async def set_faults(self, request: Request) -> dict[str, Any]:
        """Replace the sections named in the body: `deliveries`, `answers`, `holds`, `reads`."""
        self._state.faults.replace(await read_object(request))
        return await self.show_faults(request)

    async def clear_faults(self, request: Request) -> dict[str, Any]:
        self._state.faults.clear()
        return await self.show_faults(request)

    async def held(self, _request: Request) -> list[dict[str, Any]]:
        return [asdict(call) for call in self._state.gate.held]

    async def release(self, request: Request) -> dict[str, int]:
        """Release the oldest `count` held calls; without `count` all."""
        count = (await read_object(request)).get("count")
        if not isinstance(count, int | None):
            raise ValueError("count must be a whole number")  # noqa: TRY004 (a wrong body is a wrong value here)
        return {"released": self._state.gate.release(count)}

    async def enable_webhook(self, request: Request) -> dict[str, str]:
        """Do what a person does to a webhook that the provider has disabled."""
        webhook_id: str = request.path_params["webhook_id"]
        self._state.disabled_webhooks.remove(webhook_id)
        return {"id": webhook_id}


def _sections_of(state: FusiooState) -> dict[str, Any]:
    faults = state.faults
    return {
        "": state.settings,
        "oauth": state.oauth.settings,
        "deliveries": faults.deliveries,
        "reads": faults.reads,
    }


def _put(state: FusiooState, sections: Mapping[str, Any]) -> None:
    state.settings, state.oauth.settings = sections[""], sections["oauth"]
    state.faults.deliveries, state.faults.reads = sections["deliveries"], sections["reads"]
