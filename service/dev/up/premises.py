"""One `relay up` per data directory, and nobody left in it however that one ends.

Every process of a `relay up` inherits the lock of `parts.lock`: while it is held, one of them lives. A guard
outside of them waits for it to become free, and then ends the embedded servers if their owner was killed.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from service.dev.embedded.locking import lock_within
from service.dev.environment import read_running
from service.errors import RefusedError

_PATIENCE = 30.0
"""Seconds that what a killed `relay up` left may take to end."""
_LOOK_EVERY = 0.5


@contextmanager
def premises(root: Path, *, say: Callable[[str], None]) -> Iterator[int]:
    """Hold the data directory for one `relay up`; yields the lock's descriptor, for its processes to inherit.

    Waits for the processes of one that was killed. Raises RefusedError: one is running there, the processes
    do not end, or the directory is somebody else's.
    """
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        (root / "logs").mkdir(mode=0o700, exist_ok=True)
        lock = _enter(root, say)
    except PermissionError as error:
        message = f"{error.filename or root} is not ours to write: set RELAY_DATA_DIR to a place of yours"
        raise RefusedError(message) from None
    guard = _start_guard(root)
    try:
        yield lock
    finally:
        os.close(lock)
        guard.terminate()
        guard.wait()


def parts_lock(root: Path) -> Path:
    """The file whose lock says that a process of a `relay up` lives."""
    return root / "parts.lock"


def _enter(root: Path, say: Callable[[str], None]) -> int:
    deadline = time.monotonic() + _PATIENCE
    waiting = False
    while (lock := lock_within(parts_lock(root), _LOOK_EVERY)) is None:
        if read_running(root) is not None:
            raise RefusedError(f"`relay up` is already running on {root}: stop that, or set RELAY_DATA_DIR")
        if time.monotonic() > deadline:
            raise RefusedError(f"processes of an earlier `relay up` on {root} do not end: end them")
        if not waiting:
            say("Waiting for the processes of an earlier `relay up` to end …")
            waiting = True
    return lock


def _start_guard(root: Path) -> subprocess.Popen[bytes]:
    with (root / "logs" / "guard.log").open("wb") as log:
        return subprocess.Popen(  # noqa: S603  a module of ours, without a shell
            [sys.executable, "-P", "-m", "service.dev.up.guard", str(root)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # neither Ctrl-C nor the end of the terminal is meant for it
        )
