"""The parent of the worker processes: starts them, starts them again, and ends with none of them left."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType

import structlog

from service.worker.exits import CUT_OFF, meaning_of

_LOOK_EVERY = 0.1
_LIVED_WELL = 30.0
"""Seconds after which a child's death is no sequel of the one before."""
_LONGEST_PAUSE = 10.0


@dataclass
class _Child:
    name: str
    command: tuple[str, ...]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    start_at: float = 0.0
    failures: int = field(default=0)


class Supervisor:
    """Keeps one process running for each command, until SIGTERM or SIGINT, or `stop`.

    Each child gets the read end of a pipe (its number as last argument) that ends when this process does,
    however it dies: a child must watch it, and end. SIGTERM asks a child to end, `CUT_OFF` to hurry.
    """

    def __init__(
        self,
        commands: Sequence[tuple[str, Sequence[str]]],
        *,
        environment: Mapping[str, str],
        grace: float,
        closing: float,
        first_pause: float = 0.2,
    ) -> None:
        """Take (name, command) pairs, and how many seconds the children have to end after a signal.

        `closing` is how many they have after a second one.
        """
        self._children = [_Child(name, tuple(command)) for name, command in commands]
        self._environment, self._first_pause = dict(environment), first_pause
        self._grace, self._closing = grace, closing
        self._stopping = threading.Event()
        self._impatient = threading.Event()

    def stop(self) -> None:
        """Ask for the end; a second time: without waiting for what is being done."""
        if self._stopping.is_set():
            self._impatient.set()
        self._stopping.set()

    def run(self) -> None:
        """Start the children and keep them running; returns when all have ended. Main thread only."""
        lifeline, our_end = os.pipe()
        try:
            with self._signals():
                self._keep_running(lifeline)
                self._end_all()
        finally:
            os.close(lifeline)
            os.close(our_end)

    def _keep_running(self, lifeline: int) -> None:
        while not self._stopping.wait(_LOOK_EVERY):
            for child in self._children:
                self._look_after(child, lifeline)

    @contextmanager
    def _signals(self) -> Iterator[None]:
        def asked(_number: int, _frame: FrameType | None) -> None:
            self.stop()

        before = {number: signal.signal(number, asked) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _look_after(self, child: _Child, lifeline: int) -> None:
        now = time.monotonic()
        if child.process is None:
            if now >= child.start_at:
                self._start(child, lifeline)
        elif (code := child.process.poll()) is not None:
            child.failures = 1 if now - child.started_at > _LIVED_WELL else child.failures + 1
            pause = min(self._first_pause * 2 ** (child.failures - 1), _LONGEST_PAUSE)
            child.start_at, child.process = now + pause, None
            structlog.get_logger().warning(
                "worker.ended", worker=child.name, reason=meaning_of(code), restart_in=pause
            )

    def _start(self, child: _Child, lifeline: int) -> None:
        child.started_at = time.monotonic()
        child.process = subprocess.Popen(  # noqa: S603  a command of ours, without a shell
            (*child.command, str(lifeline)), env=self._environment, pass_fds=(lifeline,)
        )
        structlog.get_logger().info("worker.started", worker=child.name, pid=child.process.pid)

    def _end_all(self) -> None:
        running = [child.process for child in self._children if child.process is not None]
        for process in running:
            process.terminate()
        deadline = time.monotonic() + self._grace
        while _any_lives(running) and time.monotonic() < deadline and not self._impatient.wait(_LOOK_EVERY):
            pass
        if self._impatient.is_set():
            for process in running:
                process.send_signal(CUT_OFF)
            deadline = min(deadline, time.monotonic() + self._closing)
            while _any_lives(running) and time.monotonic() < deadline:
                time.sleep(_LOOK_EVERY)
        for process in running:
            if process.poll() is None:
                structlog.get_logger().warning("worker.killed", pid=process.pid)
                process.kill()
            process.wait()


def _any_lives(processes: Sequence[subprocess.Popen[bytes]]) -> bool:
    return any(process.poll() is None for process in processes)
