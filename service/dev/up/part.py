"""One process of `relay up`, which starts it as a module: the web, a worker, the scheduler or the simulator.

It ends with its parent, however that ends: nobody else would end it.
"""

import argparse
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import structlog

from service.config import LogFormat, Settings, read_settings
from service.errors import ConfigurationError, RelayError
from service.observability.logging import configure_logging
from service.terminal import expect_sighup

ENDS_WITHIN = 8.0
"""Seconds that a process has to end after a signal, before it is killed."""
_KILLED_AFTER = ENDS_WITHIN + 1.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the arguments and the environment, run until a signal, and return the exit code."""
    given = _parser().parse_args(arguments)
    threading.Thread(target=_end_with_parent, args=(given.lifeline,), daemon=True).start()
    expect_sighup()
    try:
        settings = read_settings()
        configure_logging(json=settings.log_format is LogFormat.JSON, level=settings.log_level)
        match given.name:
            case "web":
                _run_web(settings)
            case "worker":
                _run_worker(settings)
            case "scheduler":
                _run_scheduler(settings)
            case "simulator":
                _run_simulator(given)
    except RelayError as error:
        structlog.get_logger().error("part.failed", part=given.name, error=str(error))
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--lifeline", type=int, required=True, help="a pipe that ends together with the parent"
    )
    names = parser.add_subparsers(dest="name", required=True)
    for name in ("web", "worker", "scheduler"):
        names.add_parser(name)
    simulator = names.add_parser("simulator")
    simulator.add_argument("--port", type=int, required=True)
    simulator.add_argument("--seed", type=int, required=True)
    simulator.add_argument("--rate", type=float, required=True, help="edits a second")
    simulator.add_argument("--calls", type=int, required=True, help="API calls an hour")
    simulator.add_argument("--keep-in", type=Path, required=True)
    return parser


def _run_web(settings: Settings) -> None:
    from service.web.main import run_web  # noqa: PLC0415  a process loads only what it runs

    run_web(settings)


def _run_worker(settings: Settings) -> None:
    from service.worker.main import run_worker  # noqa: PLC0415  as above

    run_worker(settings, grace=timedelta(seconds=ENDS_WITHIN))


def _run_scheduler(settings: Settings) -> None:
    from service.scheduler.main import run_scheduler  # noqa: PLC0415  as above

    run_scheduler(settings)


def _run_simulator(given: argparse.Namespace) -> None:
    from service.dev.simulators.fusioo.server import run_simulator  # noqa: PLC0415  as above
    from service.dev.simulators.fusioo.settings import FusiooSettings  # noqa: PLC0415  as above

    token = os.environ.get("FUSIOO_TOKEN")  # a command line would show it to everybody
    if token is None:
        raise ConfigurationError("FUSIOO_TOKEN is not set", place="environment")
    settings = FusiooSettings(calls_per_window=given.calls)
    run_simulator(given.port, given.seed, token, given.rate, settings=settings, keep_in=given.keep_in)


def _end_with_parent(lifeline: int) -> None:
    os.read(lifeline, 1)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_KILLED_AFTER)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
