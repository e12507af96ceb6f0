"""`/_sim/switches`, `/_sim/faults` and what belongs to them, of the simulated Fusioo."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request

from service.dev.simulators.controls import Row
from service.dev.simulators.fusioo.state import FusiooState
from service.dev.simulators.fusioo.switches import FUSIOO_SWITCHES
from service.dev.simulators.switch_desk import SwitchDesk


def switch_routes(state: FusiooState) -> list[Row]:
    """List the routes."""

    def sections() -> dict[str, Any]:
        return {
            "": state.settings,
            "oauth": state.oauth.settings,
            "deliveries": state.faults.deliveries,
            "reads": state.faults.reads,
        }

    def put(turned: Mapping[str, Any]) -> None:
        state.settings, state.oauth.settings = turned[""], turned["oauth"]
        state.faults.deliveries, state.faults.reads = turned["deliveries"], turned["reads"]

    async def enable_webhook(request: Request) -> dict[str, str]:
        """Do what a person does to a webhook that the provider has disabled."""
        webhook_id: str = request.path_params["webhook_id"]
        state.disabled_webhooks.remove(webhook_id)
        return {"id": webhook_id}

    desk = SwitchDesk(FUSIOO_SWITCHES, sections, put, lambda: state.faults, state.gate)
    return [*desk.rows(), ("POST", "/webhooks/{webhook_id}/enable", enable_webhook)]
