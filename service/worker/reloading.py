"""The configuration that the worker's processes get, and the check of one that is to take its place."""

import signal
import threading
from collections.abc import Mapping
from pathlib import Path

import structlog

from service.errors import ConfigurationError
from service.rules.files import read_files
from service.worker.exits import REFUSED, meaning_of
from service.worker.kept import KeptFiles
from service.worker.programs import Program
from service.worker.started import StartedProcess

LONGEST_CHECK = 60.0
"""Seconds; the check ends itself before (`checking`), unless it can't."""
BROKE_OFF = "--broke-off"
"""With the reason: a check was killed or took too long; the process that gets this says so in its place."""
_LONGEST_TELLING = 15.0
"""Seconds; it waits for Postgres for five of them."""


class Reloading:
    """Keeps the files in use. When asked to, has those that stand there now checked by a process of its own.

    Only files that are right in full take the place of those in use: what is refused changes nothing. A check
    raises the alarm of what it refuses; of one that was killed, another process raises it.
    """

    def __init__(
        self,
        path: Path,
        kept: KeptFiles,
        *,
        check: Program,
        environment: Mapping[str, str],
        longest_check: float = LONGEST_CHECK,
    ) -> None:
        """Take what RELAY_CONFIG names, what is in use of it, and what checks other files.

        A check that takes longer than `longest_check` (seconds) is killed.
        """
        self.kept = kept
        self._path, self._program, self._environment = path, check, dict(environment)
        self._longest_check = longest_check
        self._asked = threading.Event()
        self._check: StartedProcess | None = None
        self._telling: StartedProcess | None = None
        self._candidate: KeptFiles | None = None

    def ask(self) -> None:
        """Ask for the files to be read anew. From a signal's handler too."""
        self._asked.set()

    def go_on(self) -> None:
        """Do what is to be done now, without waiting: begin a check, or see what became of it."""
        if self._telling is not None:
            self._wait_for(self._telling)
        elif self._check is not None:
            self._look_at(self._check)
        elif self._asked.is_set():
            self._asked.clear()
            self._begin()

    def stop(self) -> None:
        """End a check that is under way, and let go of the files."""
        for process in (self._check, self._telling):
            if process is not None:
                _end(process)
        self.kept.close()

    def _begin(self) -> None:
        structlog.get_logger().info("rules.read", place=str(self._path))
        try:
            self._candidate = KeptFiles(read_files(self._path))
        except ConfigurationError:  # the check reads them too, and says what is wrong
            self._candidate = None
        options: tuple[str, ...] = ()
        if self._candidate is not None:
            options = ("--rules", str(self._candidate.descriptor))
        inherits = () if self._candidate is None else (self._candidate.descriptor,)
        try:
            self._check = StartedProcess(self._program, options, self._environment, inherits=inherits)
        except OSError as error:  # no memory, or too many processes
            self._tell(f"it could not be started: {error.strerror}")
            self._let_go_of_candidate()

    def _look_at(self, check: StartedProcess) -> None:
        code, accepted = check.ended(), check.is_ready
        if code is None and check.age < self._longest_check:
            return
        _end(check)
        self._check = None
        if not accepted:
            if code != REFUSED:
                late = f"it took longer than {self._longest_check:g} s"
                self._tell(late if code is None else meaning_of(code))
            self._let_go_of_candidate()
        elif self._candidate is None:
            self._asked.set()  # it could not be read a moment ago, and now it can
        else:
            self.kept.close()
            self.kept, self._candidate = self._candidate, None

    def _tell(self, reason: str) -> None:
        """Say that a check broke off, which it could not say itself."""
        structlog.get_logger().error("rules.refused", place=str(self._path), error=f"the check: {reason}")
        try:
            self._telling = StartedProcess(self._program, (BROKE_OFF, reason), self._environment)
        except OSError as error:
            structlog.get_logger().warning("alarm.missed", error=type(error).__name__)

    def _wait_for(self, telling: StartedProcess) -> None:
        """Until it is told: the next check may clear the alarm, and must not come before."""
        if telling.ended() is not None or telling.age > _LONGEST_TELLING:
            _end(telling)
            self._telling = None

    def _let_go_of_candidate(self) -> None:
        if self._candidate is not None:
            self._candidate.close()
            self._candidate = None


def _end(process: StartedProcess) -> None:
    process.signal(signal.SIGKILL)
    process.wait()
