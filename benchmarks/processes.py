"""Processes that a benchmark starts: each with a log of its own, none of them left at the end."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOOPBACK = "127.0.0.1"

_PATIENCE = 60.0
_END_LIMIT = 30.0
_PAUSE = 0.02
_LOG_SHOWN = 2000


@dataclass(frozen=True, slots=True)
class Running:
    """A process that was started here."""

    name: str
    process: "subprocess.Popen[bytes]"
    log: Path

    @property
    def pid(self) -> int:
        return self.process.pid

    def must_live(self) -> None:
        """Raise SystemExit with the end of its log when it has ended."""
        if self.process.poll() is not None:
            message = f"{self.name} ended with {self.process.returncode}; its log ends with:\n{self.shown()}"
            raise SystemExit(message)

    def shown(self) -> str:
        """The end of its log."""
        return self.log.read_text(errors="replace")[-_LOG_SHOWN:]


@contextmanager
def running(
    name: str,
    command: Sequence[str | Path],
    *,
    directory: Path,
    environment: Mapping[str, str],
    pass_fds: Sequence[int] = (),
) -> Iterator[Running]:
    """Run a command from the project's root while the block runs; what it writes goes to `directory`.

    `environment` is all that it sees besides PATH. At the end it is asked to end, then killed, with all
    that it started.
    """
    log = directory / f"{name}.log"
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603  our own commands
            [str(part) for part in command],
            cwd=ROOT,
            env={"PATH": os.defpath, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=pass_fds,
            start_new_session=True,  # a group of its own: parent and children can be ended together
        )
    try:
        yield Running(name, process, log)
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(_END_LIMIT)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_until(
    condition: Callable[[], bool],
    *,
    what: str,
    processes: Sequence[Running] = (),
    timeout: float = _PATIENCE,
    pause: float = _PAUSE,
) -> None:
    """Ask until `condition` holds. Raises SystemExit when a process ends before, or after `timeout` s."""
    deadline = time.monotonic() + timeout
    while not condition():
        for each in processes:
            each.must_live()
        if time.monotonic() > deadline:
            raise SystemExit(f"not within {timeout:g} s: {what}{shown(processes)}")
        time.sleep(pause)


def shown(processes: Iterable[Running]) -> str:
    """The ends of their logs."""
    return "".join(f"\nthe log of {each.name} ends with:\n{each.shown()}" for each in processes)


@contextmanager
def listening(backlog: int = 100) -> Iterator[socket.socket]:
    """A socket on a free port of this machine, for a process to inherit."""
    with socket.create_server((LOOPBACK, 0), backlog=backlog) as listener:
        yield listener


def free_port() -> int:
    """A port that was free a moment ago, for a process that can't inherit a socket."""
    with socket.create_server((LOOPBACK, 0)) as probe:
        return int(probe.getsockname()[1])
