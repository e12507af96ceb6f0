"""One `relay up` per directory, and nobody left in it."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from service.dev.embedded.locking import is_locked, try_lock
from service.dev.environment import EmbeddedServices
from service.dev.up.premises import parts_lock, premises
from service.errors import RefusedError
from tests.fixtures.owning import Owner, servers_run


def test_the_directory_is_free_again_afterwards(tmp_path: Path) -> None:
    said: list[str] = []
    for _ in range(2):
        with premises(tmp_path / "data", say=said.append):
            assert is_locked(parts_lock(tmp_path / "data"))
    assert said == []
    assert not is_locked(parts_lock(tmp_path / "data"))


def test_a_process_of_a_killed_one_is_waited_for(tmp_path: Path) -> None:
    held = try_lock(parts_lock(tmp_path))
    assert held is not None
    said: list[str] = []

    def say(message: str) -> None:
        said.append(message)
        os.close(held)

    with premises(tmp_path, say=say):
        assert said == ["Waiting for the processes of an earlier `relay up` to end …"]


def test_a_running_one_is_named(fresh_root: Callable[[], Path]) -> None:
    root = fresh_root()
    with Owner(root):
        held = try_lock(parts_lock(root))
        assert held is not None
        try:
            with pytest.raises(RefusedError, match="already running on"), premises(root, say=print):
                pass
        finally:
            os.close(held)
    EmbeddedServices(root).erase()


def test_the_guard_ends_the_servers_of_a_killed_owner(fresh_root: Callable[[], Path]) -> None:
    root = fresh_root()
    with Owner(root) as owner:
        held = try_lock(parts_lock(root))
        assert held is not None
        guard = subprocess.Popen([sys.executable, "-P", "-m", "service.dev.up.guard", str(root)])  # noqa: S603  ourselves
        owner.signal(signal.SIGKILL)
        assert guard.poll() is None
        assert servers_run(root) == ["postgres", "valkey"]
        os.close(held)
        assert guard.wait(30) == 0
        assert servers_run(root) == []
    EmbeddedServices(root).erase()
