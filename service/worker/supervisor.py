"""The parent of the worker processes: starts them, starts them again, and ends with none of them left."""

import signal
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType

from service.terminal import Terminal
from service.worker.exits import CUT_OFF
from service.worker.kept import KeptFiles
from service.worker.reloading import Reloading
from service.worker.replacing import LONGEST_SILENCE
from service.worker.started import StartedProcess
from service.worker.succession import Command, Succession, make_sure

_LOOK_EVERY = 0.1


class Supervisor:
    """Keeps one process running for each command, until SIGTERM or SIGINT, or `stop`.

    SIGTERM asks a child to end, `CUT_OFF` to hurry; all of them end when this process does (`started`).
    SIGHUP: once the configuration was checked anew and found right, the children are replaced one by one:
    the next is up before the one before it is asked to end, and that one has its time for it. So is a child
    that retires, as soon as it says so; it goes on until then. One that says nothing any more is killed.
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
        longest_silence: float = LONGEST_SILENCE,
    ) -> None:
        """Take what to run, and how many seconds the children have to end after a signal.

        `closing` is how many they have after a second one; `longest_silence`, how many they may say nothing.
        """
        self._successions = [
            Succession(
                command,
                self._start,
                grace=grace,
                first_pause=first_pause,
                longest_silence=longest_silence,
            )
            for command in commands
        ]
        self._reloading = reloading
        self._environment = dict(environment)
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
        with self._signals():
            try:
                self._keep_running()
            finally:
                self._reloading.stop()
                self._end_all()

    def _keep_running(self) -> None:
        while not self._stopping.wait(_LOOK_EVERY):
            self._reloading.go_on()
            wanted = self._reloading.kept
            for each in self._successions:
                each.look_after(wanted)
            first = next((each for each in self._successions if each.works_with_others(wanted)), None)
            for each in self._successions:
                each.replace(wanted, its_turn=each is first)

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

    def _start(self, command: Command, kept: KeptFiles) -> StartedProcess:
        return StartedProcess(
            command.program,
            ("--rules", str(kept.descriptor), *command.arguments),
            self._environment,
            inherits=(kept.descriptor,),
        )

    def _end_all(self) -> None:
        running = [process for each in self._successions for process in each.running]
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
            make_sure(process)


def _any_lives(processes: Sequence[StartedProcess]) -> bool:
    return any(process.ended() is None for process in processes)
