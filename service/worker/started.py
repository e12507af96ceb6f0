"""One process that we started, and the line between us: it ends with us, and says how it is."""

import os
import select
import signal
import socket
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress

from service.worker.listening import Listening
from service.worker.programs import Program

READY = b"."
"""What a child writes to its lifeline when it is up and does its work; again, when it need not retire."""
RETIRING = b"!"
"""What it writes when something in it can only be ended together with it."""
ALIVE = b"~"
"""What it writes every `SAYS_SO_EVERY` seconds. It can't while it stands still, or Python's lock is held."""
SAYS_SO_EVERY = 1.0
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
        self._listening = Listening(self.started_at, longest_look=SAYS_SO_EVERY)
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

    @property
    def silence(self) -> float:
        """For how many seconds it has said nothing, as far as we were awake ourselves; look often."""
        self._listen()
        return self._listening.silence

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
        heard = b""
        with suppress(OSError):  # nothing new, or it is gone
            heard = self._ours.recv(_MOST_HEARD)
        self._listening.look(time.monotonic(), heard=bool(heard))
        self._said_ready = self._said_ready or READY in heard
        self._last_word = heard.replace(ALIVE, b"")[-1:] or self._last_word


def say_ready(lifeline: int) -> None:
    """Say it in the child; a parent that does not listen, or is gone, is none of its business."""
    _say(READY, lifeline)


def say_retiring(lifeline: int) -> None:
    """Say it in the child; `say_ready` takes it back."""
    _say(RETIRING, lifeline)


def stay_in_touch(lifeline: int) -> None:
    """Say in the child that it goes on, again and again, and return when its parent is gone. In a thread."""
    gone = select.poll()
    gone.register(lifeline, select.POLLIN)
    while not gone.poll(SAYS_SO_EVERY * 1000):
        _say(ALIVE, lifeline)


def _say(word: bytes, lifeline: int) -> None:
    with suppress(OSError):
        os.write(lifeline, word)
