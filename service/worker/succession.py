"""The processes of one command, one after the other: who works, who takes over, and who is about to end."""

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from service.worker.exits import meaning_of
from service.worker.kept import KeptFiles
from service.worker.programs import Program
from service.worker.replacing import LIVED_WELL, Standing, Step, Successor, next_step, pause_after
from service.worker.started import StartedProcess


@dataclass(frozen=True)
class Command:
    """What runs a child, with `--rules N arguments lifeline`: the configuration's files are under N."""

    name: str
    program: Program
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True)
class Member:
    """A process, and the files that it was started with."""

    process: StartedProcess
    kept: KeptFiles


Start = Callable[[Command, KeptFiles], StartedProcess]


class Succession:
    """Keeps one process of a command at work. Nothing here waits."""

    def __init__(
        self, command: Command, start: Start, *, grace: float, first_pause: float, longest_silence: float
    ) -> None:
        """`grace`: seconds that one has to end; `first_pause`: from a failure to the next start.

        `longest_silence`: seconds after which one that says nothing is killed.
        """
        self._command, self._start_process = command, start
        self._grace, self._first_pause, self._longest_silence = grace, first_pause, longest_silence
        self._worker: Member | None = None
        self._next: Member | None = None
        self._leaving: list[tuple[StartedProcess, float]] = []
        self._start_at = 0.0
        self._failures = 0
        self._deferred = False

    @property
    def running(self) -> list[StartedProcess]:
        """All that have not ended, as far as is known."""
        members = [member.process for member in (self._worker, self._next) if member is not None]
        return [process for process, _ in self._leaving] + members

    def works_with_others(self, wanted: KeptFiles) -> bool:
        """Whether the one that works was started with other files than these."""
        return self._worker is not None and self._worker.kept is not wanted

    def look_after(self, wanted: KeptFiles) -> None:
        """See to it that one works: start it with these files if there is none."""
        self._see_off()
        if self._worker is None:
            if not self._pauses():
                self._worker = self._start(wanted)
        elif self._worker.process.ended() is not None or self._is_killed(self._worker.process):
            self._note_end(self._worker)
            self._worker, self._next = self._next, None

    def replace(self, wanted: KeptFiles, *, its_turn: bool) -> None:
        """Go on with replacing the one that works: it retires, or has other files and it is `its_turn`."""
        if self._worker is None:
            return
        step = next_step(self._standing(self._worker, wanted, its_turn=its_turn))
        if step is Step.DEFER and not self._deferred:
            structlog.get_logger().warning(
                "successor.deferred", worker=self._command.name, leaving=len(self._leaving)
            )
        self._deferred = step is Step.DEFER
        if step is Step.START:
            self._next = self._start(wanted)
        elif self._next is not None and step is Step.TAKE_OVER:
            self._take_over(self._worker, self._next)
        elif self._next is not None and step in {Step.BURY, Step.GIVE_UP}:
            (self._note_end if step is Step.BURY else self._let_go)(self._next)
            self._next = None

    def _standing(self, worker: Member, wanted: KeptFiles, *, its_turn: bool) -> Standing:
        return Standing(
            outdated=its_turn and worker.kept is not wanted,
            retiring=worker.process.is_retiring,
            paused=self._pauses(),
            leaving=len(self._leaving),
            successor=None if self._next is None else _as_successor(self._next, wanted),
        )

    def _start(self, wanted: KeptFiles) -> Member:
        process = self._start_process(self._command, wanted)
        structlog.get_logger().info("worker.started", worker=self._command.name, pid=process.pid)
        return Member(process, wanted)

    def _pauses(self) -> bool:
        return time.monotonic() < self._start_at

    def _take_over(self, old: Member, new: Member) -> None:
        retired, pause = old.kept is new.kept, 0.0
        if retired:
            pause = self._note_failure(0 if old.process.age > LIVED_WELL else self._failures + 1)
        structlog.get_logger().info(
            "worker.replaced",
            worker=self._command.name,
            old=old.process.pid,
            new=new.process.pid,
            reason="it retired" if retired else "new rules",
            again_in=pause,
        )
        self._let_go(old)
        self._worker, self._next = new, None

    def _is_killed(self, process: StartedProcess) -> bool:
        """Kill it if it stands still: a handler that keeps Python's lock lets nothing in it go on."""
        if process.silence <= self._longest_silence:
            return False
        structlog.get_logger().error("worker.stalled", worker=self._command.name, pid=process.pid)
        process.signal(signal.SIGKILL)
        return True

    def _note_end(self, member: Member) -> None:
        code = member.process.wait()
        pause = self._note_failure(1 if member.process.age > LIVED_WELL else self._failures + 1)
        structlog.get_logger().warning(
            "worker.ended", worker=self._command.name, reason=meaning_of(code), restart_in=pause
        )

    def _note_failure(self, in_a_row: int) -> float:
        self._failures = in_a_row
        pause = pause_after(in_a_row, first=self._first_pause)
        self._start_at = time.monotonic() + pause
        return pause

    def _let_go(self, member: Member) -> None:
        member.process.signal(signal.SIGTERM)
        self._leaving.append((member.process, time.monotonic() + self._grace))

    def _see_off(self) -> None:
        staying = []
        for process, deadline in self._leaving:
            if process.ended() is None and time.monotonic() < deadline:
                staying.append((process, deadline))
            else:
                make_sure(process)
        self._leaving = staying


def _as_successor(member: Member, wanted: KeptFiles) -> Successor:
    process = member.process
    return Successor(
        ended=process.ended() is not None,
        outdated=member.kept is not wanted,
        ready=process.is_ready,
        age=process.age,
    )


def make_sure(process: StartedProcess) -> None:
    """Kill it if it still runs, and let go of it."""
    if process.ended() is None:
        structlog.get_logger().warning("worker.killed", pid=process.pid)
        process.signal(signal.SIGKILL)
    process.wait()
