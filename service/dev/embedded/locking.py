"""Files whose lock says that somebody is alive: the kernel frees it however that somebody ends."""

import fcntl
import os
import time
from pathlib import Path

_PAUSE = 0.02


def try_lock(path: Path) -> int | None:
    """Lock the file now; None when another open file holds it.

    Returns a descriptor: the lock lasts until every copy of it is closed, those of child processes included.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def lock_within(path: Path, seconds: float) -> int | None:
    """Like `try_lock`, but asks again until `seconds` are over."""
    deadline = time.monotonic() + seconds
    while (descriptor := try_lock(path)) is None and time.monotonic() < deadline:
        time.sleep(_PAUSE)
    return descriptor


def is_locked(path: Path) -> bool:
    """Whether somebody holds the lock of this file (a missing file: nobody)."""
    if not path.exists():
        return False
    descriptor = try_lock(path)
    if descriptor is None:
        return True
    os.close(descriptor)
    return False
