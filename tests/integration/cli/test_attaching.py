"""Commands without DATABASE_URL attach to the services of a running `relay up`."""

from collections.abc import Callable
from pathlib import Path

import pytest

from service.dev.environment import EmbeddedServices
from service.dev.up.attachment import attachable
from tests.fixtures.command import Relay
from tests.fixtures.simulator import RunningSimulator


def test_attached_while_they_run_and_told_when_they_do_not(
    relay: Relay, fresh_root: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = fresh_root()
    monkeypatch.setenv("RELAY_DATA_DIR", str(root))
    services = EmbeddedServices(root, postgres_settings={"fsync": "off"})
    try:
        with services:
            assert relay("migrate").exit_code == 0
            result = relay("runs", "list")
            assert (result.exit_code, result.stderr) == (0, "")
            assert (root / "secret_key").stat().st_mode & 0o077 == 0
        assert "no `relay up` is running" in relay("runs", "list").stderr
    finally:
        services.erase()


def test_a_relay_up_on_the_simulator_tells_init_and_apps_how_to_reach_it(
    relay: Relay,
    fresh_root: Callable[[], Path],
    simulator: RunningSimulator,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    root = fresh_root()
    monkeypatch.setenv("RELAY_DATA_DIR", str(root))
    services = EmbeddedServices(root, postgres_settings={"fsync": "off"})
    told = {"FUSIOO_TOKEN": simulator.token, "FUSIOO_BASE_URL": simulator.url}
    try:
        with services, attachable(root, told):
            relay("migrate")
            assert relay("init").exit_code == 0
            assert "base_url: ${FUSIOO_BASE_URL}" in (tmp_path / "relay.yaml").read_text()
            assert "Tasks" in relay("apps").stdout
            monkeypatch.setenv("FUSIOO_TOKEN", "a-token-for-the-real-one")
            monkeypatch.setenv("RELAY_CONFIG", "other.yaml")
            monkeypatch.setenv("FUSIOO_BASE_URL", "http://127.0.0.1:9/v3")
            assert "http://127.0.0.1:9 could not be reached" in relay("init").stderr
        assert not (tmp_path / "other.yaml").exists()
    finally:
        services.erase()
