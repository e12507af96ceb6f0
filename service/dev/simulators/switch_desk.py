"""`/_sim/switches`, `/_sim/faults`, `/_sim/held`, `/_sim/release`: the switches, while a simulator runs."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from starlette.requests import Request

from service.dev.simulators.controls import Row, read_object
from service.dev.simulators.faults import Faults
from service.dev.simulators.gate import Gate
from service.dev.simulators.switches import Register


class SwitchDesk:
    """Switches are shown as they are after each act."""

    def __init__(
        self,
        register: Register,
        sections: Callable[[], dict[str, Any]],
        put: Callable[[Mapping[str, Any]], None],
        faults: Callable[[], Faults],
        gate: Gate,
    ) -> None:
        """`sections` gives those of the register as they are now, `put` replaces them."""
        self._register, self._sections, self._put = register, sections, put
        self._faults, self._gate = faults, gate
        self._first = register.turned(sections(), {})

    def rows(self) -> list[Row]:
        """List the routes."""
        return [
            ("GET", "/switches", self._show),
            ("POST", "/switches", self._set),
            ("DELETE", "/switches", self._restore),
            ("GET", "/faults", self._show_faults),
            ("POST", "/faults", self._set_faults),
            ("DELETE", "/faults", self._clear_faults),
            ("GET", "/held", self._held),
            ("POST", "/release", self._release),
        ]

    async def _show(self, _request: Request) -> dict[str, Any]:
        return self._register.shown(self._sections())

    async def _set(self, request: Request) -> dict[str, Any]:
        """Set those that are named; if one is wrong, none is set."""
        self._put(self._register.turned(self._sections(), await read_object(request)))
        return await self._show(request)

    async def _restore(self, request: Request) -> dict[str, Any]:
        """Put all back to how the simulator was started."""
        self._put(self._register.turned(self._first, {}))
        return await self._show(request)

    async def _show_faults(self, _request: Request) -> dict[str, Any]:
        return asdict(self._faults())

    async def _set_faults(self, request: Request) -> dict[str, Any]:
        """Replace the sections named in the body: `deliveries`, `answers`, `holds`, `reads`."""
        self._faults().replace(await read_object(request))
        return await self._show_faults(request)

    async def _clear_faults(self, request: Request) -> dict[str, Any]:
        self._faults().clear()
        return await self._show_faults(request)

    async def _held(self, _request: Request) -> list[dict[str, Any]]:
        return [asdict(call) for call in self._gate.held]

    async def _release(self, request: Request) -> dict[str, int]:
        """Release the oldest `count` held calls; without `count` all."""
        count = (await read_object(request)).get("count")
        if not isinstance(count, int | None):
            raise ValueError("count must be a whole number")  # noqa: TRY004 (a wrong body is a wrong value here)
        return {"released": self._gate.release(count)}
