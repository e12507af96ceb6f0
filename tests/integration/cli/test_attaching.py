"""Commands without DATABASE_URL attach to the services of a running `relay up`."""

from collections.abc import Callable
from pathlib import Path

import pytest

from service.dev.environment import EmbeddedServices
from tests.fixtures.command import Relay


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
