"""The switches over the control routes."""

from typing import Any

import pytest

from service.dev.simulators.fusioo.example_apps import example_state
from service.dev.simulators.fusioo.settings import FusiooSettings
from service.dev.simulators.fusioo.switches import FUSIOO_SWITCHES
from tests.fixtures.simulator import TOKEN, RunningSimulator, running_simulator


async def test_all_are_shown_as_they_are(simulator: RunningSimulator) -> None:
    async with simulator.client() as api:
        shown = (await api.get("/_sim/switches")).json()
    assert shown == {switch.name: switch.default for switch in FUSIOO_SWITCHES.switches()}


async def test_those_that_are_named_are_turned_and_put_back() -> None:
    started = example_state(token=TOKEN, settings=FusiooSettings(missing_ids="error"))
    async with running_simulator(started) as simulator, simulator.client() as api:
        first = (await api.get("/_sim/switches")).json()
        wanted = {
            "missing_ids": "null",
            "deliveries.drop_share": 0.5,
            "window": "10m",
            "oauth.rotates": False,
        }
        assert (await api.post("/_sim/switches", json=wanted)).json() == {**first, **wanted}
        faults = (await api.get("/_sim/faults")).json()
        assert faults["deliveries"]["drop_share"] == 0.5
        assert simulator.state.oauth.settings.rotates is False
        assert (await api.delete("/_sim/switches")).json() == first
        assert simulator.state.settings.missing_ids == "error"


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"missing_id": "null"}, "'missing_id' is not a switch"),
        ({"missing_ids": "nil"}, "missing_ids: "),
        ({"deliveries.drop_share": 1.5}, "deliveries.drop_share: "),
        ({"stamps_zone": "Europe/Nowhere"}, "not a time zone"),
        ({"window": "soon"}, "not a duration"),
    ],
)
async def test_nothing_is_turned_if_one_is_wrong(
    simulator: RunningSimulator, wrong: dict[str, Any], complaint: str
) -> None:
    async with simulator.client() as api:
        before = (await api.get("/_sim/switches")).json()
        refused = await api.post("/_sim/switches", json={"empty_as_null": True, **wrong})
        assert refused.status_code == 400
        assert complaint in refused.json()["error"]
        assert (await api.get("/_sim/switches")).json() == before
