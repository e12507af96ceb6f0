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
from service.worker.started import StartedProcess

LONGEST_CHECK = 60.0
"""Seconds; the check ends itself before (`checking`), unless it can't."""


class Reloading:
    """Keeps the files in use. When asked to, has those that stand there now checked by a process of its own.

    Only files that are right in full take the place of those in use: what is refused changes nothing.
    """

    def __init__(
        self, path: Path, kept: KeptFiles, *, command: tuple[str, ...], environment: Mapping[str, str]
    ) -> None:
        """Take what RELAY_CONFIG names, what is in use of it, and the command of the check."""
        self.kept = kept
        self._path, self._command, self._environment = path, command, dict(environment)
        self._asked = threading.Event()
        self._check: StartedProcess | None = None
        self._candidate: KeptFiles | None = None

    def ask(self) -> None:
        """Ask for the files to be read anew. From a signal's handler too."""
        self._asked.set()

    def go_on(self) -> None:
        """Do what is to be done now, without waiting: begin a check, or see what became of it."""
        if self._check is not None:
            self._look_at(self._check)
        elif self._asked.is_set():
            self._asked.clear()
            self._begin()

    def stop(self) -> None:
        """End a check that is under way, and let go of the files."""
        if self._check is not None:
            self._end(self._check)
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
        self._check = StartedProcess((*self._command, *options), self._environment, inherits=inherits)

    def _look_at(self, check: StartedProcess) -> None:
        code, accepted = check.ended(), check.is_ready
        if code is None and check.age < LONGEST_CHECK:
            return
        self._end(check)
        if not accepted:
            self._refuse("it did not end" if code is None else meaning_of(code), told=code == REFUSED)
        elif self._candidate is None:
            self._asked.set()  # it could not be read a moment ago, and now it can
        else:
            self.kept.close()
            self.kept, self._candidate = self._candidate, None

    def _refuse(self, reason: str, *, told: bool) -> None:
        if not told:
            structlog.get_logger().error("rules.refused", place=str(self._path), error=f"the check: {reason}")
        if self._candidate is not None:
            self._candidate.close()
            self._candidate = None

    def _end(self, check: StartedProcess) -> None:
        check.signal(signal.SIGKILL)
        check.wait()
        self._check = None
