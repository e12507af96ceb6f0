"""Ends the embedded servers of a `relay up` that was killed, once none of its processes needs them any more.

Started as a module by that `relay up`, with the data directory as its argument.
"""

import fcntl
import os
import sys
from pathlib import Path

from service.dev.environment import EmbeddedServices
from service.dev.up.premises import parts_lock
from service.errors import RefusedError


def main(root: Path) -> None:
    """Wait for the lock, hold it against the next `relay up` meanwhile, and end what is left."""
    descriptor = os.open(parts_lock(root), os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        EmbeddedServices(root).end_left_behind()
    except RefusedError:
        return  # somebody owns them again, and has ended what was left
    finally:
        os.close(descriptor)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
