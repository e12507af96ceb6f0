import os
import subprocess
import sys
from pathlib import Path

from service.dev.embedded.locking import is_locked, lock_within, try_lock


def test_a_lock_is_held_until_it_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    assert not is_locked(path)
    held = try_lock(path)
    assert held is not None
    assert is_locked(path)
    assert try_lock(path) is None
    assert lock_within(path, 0.05) is None
    os.close(held)
    assert not is_locked(path)


def test_asking_leaves_the_lock_free(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    path.touch()
    assert not is_locked(path)
    held = try_lock(path)
    assert held is not None
    os.close(held)


def test_a_child_that_inherited_the_lock_holds_it_alone(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    held = try_lock(path)
    assert held is not None
    command = [sys.executable, "-c", "input()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=(held,)) as child:  # noqa: S603  ourselves
        os.close(held)
        assert is_locked(path)
        child.kill()
    assert not is_locked(path)
