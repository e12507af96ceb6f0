"""`/_sim/settings`, `/_sim/faults` and what belongs to them: the switches, while the simulator runs."""

from dataclasses import asdict, replace
from typing import Any

from pydantic import TypeAdapter
from starlette.requests import Request

from service.dev.simulators.fusioo.controls import Row, read_object
from service.dev.simulators.fusioo.settings import FusiooSettings
from service.dev.simulators.fusioo.state import FusiooState

_SETTINGS = TypeAdapter(FusiooSettings)


def switch_routes(state: FusiooState) -> list[Row]:
    """List the routes."""
    desk = _Desk(state)
    return [
        ("GET", "/settings", desk.show_settings),
        ("POST", "/settings", desk.set_settings),
        ("DELETE", "/settings", desk.restore_settings),
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
        self._first = replace(state.settings)

    async def show_settings(self, _request: Request) -> Any:
        return _SETTINGS.dump_python(self._state.settings, mode="json")

    async def set_settings(self, request: Request) -> Any:
        """Set those that are named; if one is wrong, none is set."""
        self._state.settings = replace(self._state.settings, **await read_object(request))
        return await self.show_settings(request)

    async def restore_settings(self, request: Request) -> Any:
        """Put all back to how the simulator was started."""
        self._state.settings = replace(self._first)
        return await self.show_settings(request)

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
