"""Whether SIGHUP asks to read the configuration anew, or says that the terminal is gone.

Both are sent as the same signal: by a person (`kill -HUP`) and by the system when a terminal is closed.
"""

import os


class Terminal:
    """The terminal that this process was started in, if it was. Make it at the start."""

    def __init__(self) -> None:
        self._was_there = _is_there()

    @property
    def is_gone(self) -> bool:
        """Whether there was one, and it was closed: what was started in it has to end."""
        return self._was_there and not _is_there()


def _is_there() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC))
    except OSError:
        return False
    return True
