"""One process that we started, and the line between us: it ends with us, and says when it is ready."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress

READY = b"."
"""What a child writes to its lifeline once, when it is up and does its work."""


class StartedProcess:
    """A running process. It gets its end of a socket pair, the lifeline, as its last argument.

    The lifeline ends when this process does, however it dies: a child must read it, and end then.
    """

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], *, inherits: Collection[int] = ()
    ) -> None:
        """Start it without a shell, with these descriptors beside its lifeline. Raises OSError."""
        self._ours, theirs = socket.socketpair()
        self._ours.setblocking(False)
        self.started_at = time.monotonic()
        self._said_ready = False
        try:
            with theirs:
                self._process = subprocess.Popen(  # noqa: S603  a command of ours, without a shell
                    (*command, str(theirs.fileno())), env=environment, pass_fds=(theirs.fileno(), *inherits)
                )
        except OSError:
            self._ours.close()
            raise

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def age(self) -> float:
        """Seconds since it was started."""
        return time.monotonic() - self.started_at

    @property
    def is_ready(self) -> bool:
        """Whether it has said that it does its work."""
        if not self._said_ready:
            with suppress(OSError):
                self._said_ready = self._ours.recv(1) == READY
        return self._said_ready

    def ended(self) -> int | None:
        """Its exit code (negative: the number of the signal that killed it); None while it runs."""
        return self._process.poll()

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal, if it still runs."""
        self._process.send_signal(number)

    def wait(self) -> None:
        """Wait for its end, and let go of the lifeline."""
        self._process.wait()
        self._ours.close()


def say_ready(lifeline: int) -> None:
    """Say it in the child; a parent that does not listen, or is gone, is none of its business."""
    with suppress(OSError):
        os.write(lifeline, READY)


def wait_for_parents_end(lifeline: int) -> None:
    """Return in the child when its parent is gone."""
    with suppress(OSError):
        os.read(lifeline, 1)
