"""`relay web`, `relay worker`, `relay scheduler`: the processes of the service."""

import os
import signal
from types import FrameType
from typing import Annotated

import typer

from service.cli.attaching import attached_settings


def web(
    *, processes: Annotated[int, typer.Option(min=1, help="How many processes share the port.")] = 1
) -> None:
    """Receive webhooks on HOST and PORT."""
    end_in_order_until_it_runs()
    from service.web.main import run_web

    run_web(attached_settings(queue=True), processes=processes)


def worker(
    *,
    processes: Annotated[
        int, typer.Option(min=1, help="Processes for each of settling, running and jobs.")
    ] = 1,
    threads: Annotated[
        int | None, typer.Option(min=1, help="How much each process does at once (default: by its work).")
    ] = None,
) -> None:
    """Settle deliveries, run handlers, do jobs."""
    end_in_order_until_it_runs()
    from service.worker.main import run_worker

    run_worker(attached_settings(queue=True), processes=processes, threads=threads)


def scheduler() -> None:
    """Find what is pending, due, stuck or lost, and ring for it."""
    end_in_order_until_it_runs()
    from service.scheduler.main import run_scheduler

    run_scheduler(attached_settings(queue=True))


def end_in_order_until_it_runs() -> None:
    """Let a signal end the process with code 0 while it starts: it holds nothing yet.

    At once, for an exception could be taken for a failure by the library in which it comes up.
    """
    from service.terminal import expect_sighup

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)
    expect_sighup()


def _end(_number: int, _frame: FrameType | None) -> None:
    os._exit(0)
