"""`relay worker`: the parent of the processes that settle, run handlers and do jobs."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType

from service.config import Settings, to_environment
from service.queue.messages import QueueName
from service.rules.files import read_files
from service.rules.loader import parse_files
from service.worker import checking, child
from service.worker.forking import Forked
from service.worker.kept import KeptFiles
from service.worker.programs import Executed, Program
from service.worker.reloading import Reloading
from service.worker.replacing import LONGEST_SILENCE
from service.worker.succession import Command
from service.worker.supervisor import Supervisor

THREADS: Mapping[QueueName, int] = MappingProxyType(
    {QueueName.SETTLE: 4, QueueName.RUN: 16, QueueName.JOB: 2}
)
"""How many doorbells one process of each queue answers at once, unless told otherwise."""
_IN_ORDER = (QueueName.RUN, QueueName.SETTLE, QueueName.JOB)
"""How they are replaced: a handler is there before a rule has it run."""
GRACE = timedelta(seconds=30)
FOR_CLOSING = timedelta(seconds=5)
"""How much of the grace a process needs to close what it opened; all that it has after a second signal."""


def run_worker(
    settings: Settings,
    *,
    processes: int = 1,
    threads: int | None = None,
    grace: timedelta = GRACE,
    longest_silence: timedelta = timedelta(seconds=LONGEST_SILENCE),
) -> None:
    """Run `processes` processes for each queue until SIGTERM or SIGINT; none of them is left then.

    `threads` is how many doorbells each answers at once (None: `THREADS`). What runs when the signal comes
    has `grace` to end, then it is cut off: its leases are free, and it is done again; a second signal cuts it
    off at once. SIGHUP: the configuration is read anew, and if it is right the processes are replaced one by
    one. A process in which nothing goes on for `longest_silence` is killed and started again. Raises
    ConfigurationError at once for a configuration that no process could start with.
    """
    files = read_files(settings.config)
    parse_files(files, os.environ)
    environment = os.environ | to_environment(settings)
    Supervisor(
        [_command(queue, threads or THREADS[queue], grace) for queue in _IN_ORDER for _ in range(processes)],
        reloading=Reloading(
            settings.config,
            KeptFiles(files),
            check=_program("relay worker: check of the rules", checking.main),
            environment=environment,
        ),
        environment=environment,
        grace=grace.total_seconds(),
        closing=FOR_CLOSING.total_seconds(),
        longest_silence=longest_silence.total_seconds(),
    ).run()


def _command(queue: QueueName, threads: int, grace: timedelta) -> Command:
    own_grace = max(timedelta(0), grace - FOR_CLOSING).total_seconds()
    options = ("--threads", str(threads), "--grace", str(own_grace))
    return Command(queue.value, _program(f"relay worker: {queue.value}", child.main), (*options, queue.value))


def _program(title: str, main: Callable[[Sequence[str]], int]) -> Program:
    """What runs the main function of a module: a fork, where the system's own libraries bear it."""
    if sys.platform == "darwin":
        return Executed((sys.executable, "-P", "-m", main.__module__))
    return Forked(title, main)
