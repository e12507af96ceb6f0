"""One process that we started, and the line between us: it ends with us, and says when it is ready."""

import os
import signal
import socket
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress

from service.worker.programs import Program

READY = b"."
"""What a child writes to its lifeline when it is up and does its work; again, when it need not retire."""
RETIRING = b"!"
"""What it writes when something in it can only be ended together with it."""
_MOST_HEARD = 1024


class StartedProcess:
    """A running process. It gets its end of a socket pair, the lifeline, as its last argument.

    The lifeline ends when this process does, however it dies: a child must read it, and end then.
    """

    def __init__(
        self,
        program: Program,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        *,
        inherits: Collection[int] = (),
    ) -> None:
        """Start it with these descriptors beside its lifeline. Raises OSError."""
        self._ours, theirs = socket.socketpair()
        self._ours.setblocking(False)
        self.started_at = time.monotonic()
        self._said_ready = False
        self._last_word = b""
        try:
            with theirs:
                self._process = program.start(
                    (*arguments, str(theirs.fileno())), environment, inherits=(theirs.fileno(), *inherits)
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
        """Whether it has ever said that it does its work."""
        self._listen()
        return self._said_ready

    @property
    def is_retiring(self) -> bool:
        """Whether it has said, and not taken back, that another one should take its place."""
        self._listen()
        return self._last_word == RETIRING

    def ended(self) -> int | None:
        """Its exit code (negative: the number of the signal that killed it); None while it runs."""
        return self._process.poll()

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal, if it still runs."""
        self._process.send_signal(number)

    def wait(self) -> int:
        """Wait for its end, let go of the lifeline, and give the exit code as `ended` does."""
        code = self._process.wait()
        self._ours.close()
        return code

    def _listen(self) -> None:
        with suppress(OSError):  # nothing new, or it is gone
            heard = self._ours.recv(_MOST_HEARD)
            self._said_ready = self._said_ready or READY in heard
            self._last_word = heard[-1:] or self._last_word


def say_ready(lifeline: int) -> None:
    """Say it in the child; a parent that does not listen, or is gone, is none of its business."""
    _say(READY, lifeline)


def say_retiring(lifeline: int) -> None:
    """Say it in the child; `say_ready` takes it back."""
    _say(RETIRING, lifeline)


def wait_for_parents_end(lifeline: int) -> None:
    """Return in the child when its parent is gone."""
    with suppress(OSError):
        os.read(lifeline, 1)


def _say(word: bytes, lifeline: int) -> None:
    with suppress(OSError):
        os.write(lifeline, word)
