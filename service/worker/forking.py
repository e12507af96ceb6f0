"""A function of ours as a process: a fork of this one, which shares what was imported here.

It is there at once, and has memory of its own only for what it changes. Where it is forked from there must be
nothing that two processes can't both hold: no connection, no seeded source of random numbers, no thread that
could hold a lock.
"""

import atexit
import gc
import os
import signal
import sys
import traceback
from collections.abc import Callable, Collection, Mapping, MutableMapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from setproctitle import setproctitle

from service.worker.ending import end_process
from service.worker.exits import FAILED
from service.worker.programs import Child

_HELD_BACK = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
"""They wait while there is a fork that would answer them as its parent does."""


@dataclass(frozen=True)
class Forked:
    """A function that takes arguments as a program does, and gives an exit code."""

    title: str
    """What `ps` shows."""
    main: Callable[[Sequence[str]], int]

    def start(
        self, arguments: Sequence[str], environment: Mapping[str, str], *, inherits: Collection[int]
    ) -> Child:
        """See `Program`."""
        gc.collect()
        gc.freeze()  # the children's own collections leave alone, and so shared, what is here
        sys.stdout.flush()
        sys.stderr.flush()
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _HELD_BACK)
        try:
            pid = os.fork()
            if pid == 0:
                self._live(arguments, environment, inherits, before)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return _ForkedChild(pid)

    def _live(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        inherits: Collection[int],
        mask: AbstractSet[int],
    ) -> None:
        """Do the child's work and end: whatever happens, nothing of the parent's goes on here."""
        code = FAILED
        try:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, signal.SIG_DFL)
            signal.signal(signal.SIGHUP, signal.SIG_IGN)  # whoever signals the whole group means the parent
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            _close_all_but(inherits)
            setproctitle(self.title)  # it looks for its place among what the process was started with
            _exchange(os.environ, environment)
            end_process(self.main(arguments))
        except SystemExit as end:
            code = _code_of(end)
            # What users' libraries do at the end, like sending what they gathered.
            atexit._run_exitfuncs()  # noqa: SLF001  `os._exit` leaves them out, and nothing else runs them
        except BaseException:  # noqa: BLE001  it must not get to the parent's frames
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)


class _ForkedChild:
    """A fork of this process."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._code: int | None = None

    def poll(self) -> int | None:
        """See `Child`."""
        if self._code is None:
            self._note(*os.waitpid(self.pid, os.WNOHANG))
        return self._code

    def wait(self) -> int:
        """See `Child`."""
        while self._code is None:
            self._note(*os.waitpid(self.pid, 0))
        return self._code

    def send_signal(self, number: int) -> None:
        """See `Child`."""
        if self.poll() is None:  # its number is nobody else's before it was reaped
            os.kill(self.pid, number)

    def _note(self, ended: int, status: int) -> None:
        if ended == self.pid:
            self._code = os.waitstatus_to_exitcode(status)


def _code_of(end: SystemExit) -> int:
    """The code that the interpreter would end with."""
    if end.code is None:
        return 0
    return end.code if isinstance(end.code, int) else FAILED


def _exchange(variables: MutableMapping[str, str], others: Mapping[str, str]) -> None:
    variables.clear()
    variables.update(others)


def _close_all_but(kept: Collection[int]) -> None:
    """Close what the parent holds: a child that kept the other children's lifelines would keep them alive."""
    after = 3  # the terminal's three
    for descriptor in sorted(kept):
        os.closerange(after, descriptor)
        after = descriptor + 1
    os.closerange(after, os.sysconf("SC_OPEN_MAX"))
