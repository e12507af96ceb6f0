"""`relay simulate fusioo` with its switches."""

import signal
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from service.dev.simulators.fusioo.switches import FUSIOO_SWITCHES
from tests.fixtures.command import Relay
from tests.fixtures.waiting import free_port, wait_until


def test_switches_are_turned_by_options() -> None:
    port = free_port()
    options = """
        --token t --seed 3 --calls-per-hour 40 --missing-ids null --no-api-writes-fire --delivery-retries 1,5
        --oauth-lifetime 10m --deliveries-drop-share 0.25 --reads-stale-seconds 2
        --answer status=502,body=html,times=none,path=/users --answer status=429,share=0.5
    """
    program = [str(Path(sys.executable).with_name("relay")), "simulate", "fusioo", "--port", str(port)]
    process = subprocess.Popen([*program, *options.split()], stderr=subprocess.DEVNULL)  # noqa: S603 (our own)
    try:
        origin = f"http://127.0.0.1:{port}"
        shown = wait_until(lambda: _shown(f"{origin}/_sim/switches"))
        turned = {
            "calls_per_window": 40,
            "missing_ids": "null",
            "api_writes_fire": False,
            "delivery_retries": [1, 5],
            "oauth.lifetime": "10m",
            "deliveries.drop_share": 0.25,
            "reads.stale_seconds": 2,
        }
        assert shown == {switch.name: switch.default for switch in FUSIOO_SWITCHES.switches()} | turned
        answers = httpx2.get(f"{origin}/_sim/faults").json()["answers"]
        assert [(each["status"], each["times"]) for each in answers] == [(502, None), (429, 1)]
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


def _shown(address: str) -> dict[str, object] | None:
    try:
        found: dict[str, object] = httpx2.get(address).json()
    except httpx2.TransportError:
        return None
    return found


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--missing-ids", "nil"], "missing_ids: "),
        (["--deliveries-drop-share", "2"], "deliveries.drop_share: "),
        (["--window", "an hour"], "window: "),
        (["--answer", "state=500"], "'state' is not one of"),
        (["--missing-id", "null"], "missing-id"),
    ],
)
def test_a_wrong_value_is_wrong_use(relay: Relay, options: list[str], complaint: str) -> None:
    result = relay("simulate", "fusioo", *options)
    assert result.exit_code == 2
    assert complaint in result.stderr


def test_help_shows_every_switch(relay: Relay) -> None:
    told = relay("simulate", "fusioo", "--help").stdout
    for switch in FUSIOO_SWITCHES.switches():
        option = switch.name.replace(".", "-").replace("_", "-")
        assert f"--{option} " in told or f"--{option}, " in told
