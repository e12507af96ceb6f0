"""The parent of the worker processes: starts them, starts them again, and ends with none of them left."""

import signal
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType

import structlog

from service.terminal import Terminal
from service.worker.exits import CUT_OFF, meaning_of
from service.worker.kept import KeptFiles
from service.worker.reloading import Reloading
from service.worker.started import StartedProcess

_LOOK_EVERY = 0.1
_LIVED_WELL = 30.0
"""Seconds after which a child's death is no sequel of the one before."""
_LONGEST_PAUSE = 10.0
_LONGEST_START = 60.0
"""Seconds after which a successor that is not ready is given up, and another one started."""


@dataclass(frozen=True)
class Command:
    """What runs a child: `program --rules N arguments lifeline`, with the configuration's files under N."""

    name: str
    program: tuple[str, ...]
    arguments: tuple[str, ...] = ()


@dataclass
class _Child:
    command: Command
    process: StartedProcess | None = None
    kept: KeptFiles | None = None
    """What the process was started with."""
    successor: StartedProcess | None = None
    """One with other files, which takes over when it is ready."""
    successor_kept: KeptFiles | None = None
    start_at: float = 0.0
    failures: int = field(default=0)


class Supervisor:
    """Keeps one process running for each command, until SIGTERM or SIGINT, or `stop`.

    SIGTERM asks a child to end, `CUT_OFF` to hurry; all of them end when this process does (`started`).
    SIGHUP: once the configuration was checked anew and found right, the children are replaced one by one:
    the next is up before the one before it is asked to end, and that one has its time for it.
    """

    def __init__(
        self,
        commands: Sequence[Command],
        *,
        reloading: Reloading,
        environment: Mapping[str, str],
        grace: float,
        closing: float,
        first_pause: float = 0.2,
    ) -> None:
        """Take what to run, and how many seconds the children have to end after a signal.

        `closing` is how many they have after a second one.
        """
        self._children = [_Child(command) for command in commands]
        self._reloading = reloading
        self._environment, self._first_pause = dict(environment), first_pause
        self._grace, self._closing = grace, closing
        self._leaving: list[tuple[StartedProcess, float]] = []
        self._stopping = threading.Event()
        self._impatient = threading.Event()

    def stop(self) -> None:
        """Ask for the end; a second time: without waiting for what is being done."""
        if self._stopping.is_set():
            self._impatient.set()
        self._stopping.set()

    def run(self) -> None:
        """Start the children and keep them running; returns when all have ended. Main thread only."""
        with self._signals():
            try:
                self._keep_running()
            finally:
                self._reloading.stop()
                self._end_all()

    def _keep_running(self) -> None:
        while not self._stopping.wait(_LOOK_EVERY):
            self._reloading.go_on()
            for child in self._children:
                self._look_after(child)
            self._replace_one()
            self._see_off()

    @contextmanager
    def _signals(self) -> Iterator[None]:
        terminal = Terminal()

        def asked(number: int, _frame: FrameType | None) -> None:
            if number == signal.SIGHUP and not terminal.is_gone:
                self._reloading.ask()
            else:
                self.stop()

        numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
        before = {number: signal.signal(number, asked) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _look_after(self, child: _Child) -> None:
        if child.process is None:
            if time.monotonic() >= child.start_at:
                child.process, child.kept = self._start(child.command), self._reloading.kept
        elif (code := child.process.ended()) is not None:
            self._note_end(child, child.process, code)
            child.process, child.kept = child.successor, child.successor_kept
            child.successor = child.successor_kept = None

    def _replace_one(self) -> None:
        """Go on with the first child that was started with other files than those in use."""
        wanted = self._reloading.kept
        for child in self._children:
            if child.process is not None and child.kept is not wanted:
                self._replace(child, child.process, wanted)
                return

    def _replace(self, child: _Child, old: StartedProcess, wanted: KeptFiles) -> None:
        new = child.successor
        if new is None:
            if time.monotonic() >= child.start_at:
                child.successor, child.successor_kept = self._start(child.command), wanted
            return
        if (code := new.ended()) is not None:
            self._note_end(child, new, code)
            child.successor = None
        elif child.successor_kept is not wanted or new.age > _LONGEST_START:
            self._let_go(new)
            child.successor = None
        elif new.is_ready:
            structlog.get_logger().info(
                "worker.replaced", worker=child.command.name, old=old.pid, new=new.pid
            )
            self._let_go(old)
            child.process, child.kept, child.successor = new, wanted, None

    def _start(self, command: Command) -> StartedProcess:
        rules = self._reloading.kept.descriptor
        process = StartedProcess(
            (*command.program, "--rules", str(rules), *command.arguments),
            self._environment,
            inherits=(rules,),
        )
        structlog.get_logger().info("worker.started", worker=command.name, pid=process.pid)
        return process

    def _note_end(self, child: _Child, process: StartedProcess, code: int) -> None:
        process.wait()
        child.failures = 1 if process.age > _LIVED_WELL else child.failures + 1
        pause = min(self._first_pause * 2 ** (child.failures - 1), _LONGEST_PAUSE)
        child.start_at = time.monotonic() + pause
        structlog.get_logger().warning(
            "worker.ended", worker=child.command.name, reason=meaning_of(code), restart_in=pause
        )

    def _let_go(self, process: StartedProcess) -> None:
        process.signal(signal.SIGTERM)
        self._leaving.append((process, time.monotonic() + self._grace))

    def _see_off(self) -> None:
        staying = []
        for process, deadline in self._leaving:
            if process.ended() is None and time.monotonic() < deadline:
                staying.append((process, deadline))
            else:
                _make_sure(process)
        self._leaving = staying

    def _end_all(self) -> None:
        running = [process for process, _ in self._leaving]
        for child in self._children:
            running += [one for one in (child.process, child.successor) if one is not None]
        for process in running:
            process.signal(signal.SIGTERM)
        deadline = time.monotonic() + self._grace
        while _any_lives(running) and time.monotonic() < deadline and not self._impatient.wait(_LOOK_EVERY):
            pass
        if self._impatient.is_set():
            for process in running:
                process.signal(CUT_OFF)
            deadline = min(deadline, time.monotonic() + self._closing)
            while _any_lives(running) and time.monotonic() < deadline:
                time.sleep(_LOOK_EVERY)
        for process in running:
            _make_sure(process)


def _make_sure(process: StartedProcess) -> None:
    if process.ended() is None:
        structlog.get_logger().warning("worker.killed", pid=process.pid)
        process.signal(signal.SIGKILL)
    process.wait()


def _any_lives(processes: Sequence[StartedProcess]) -> bool:
    return any(process.ended() is None for process in processes)
