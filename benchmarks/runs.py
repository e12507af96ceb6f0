"""Runs per second of one process that runs handlers, against Dramatiq's own no-op on the same Redis."""

from collections.abc import Mapping
from functools import partial

import psycopg

from benchmarks.backlog import add_runs, finished_runs, forget_all
from benchmarks.child import WorkerChild, running_child
from benchmarks.figures import Section
from benchmarks.noop import MESSAGES
from benchmarks.throughput import Comparison, Work
from benchmarks.workbench import Workbench
from service.queue.messages import QueueName, RunHandler
from service.worker.main import THREADS

_CASES: Mapping[str, str] = {"runs, concurrency 4 (the default)": "rest", "runs, concurrency 16": "rest-wide"}
"""The handler of each, in benchmarks/installed/throughput.yaml."""
_ROUNDS = 5
_RUNS = 1000
_WARM_UP = 200
_LEFT = "SELECT EXISTS (SELECT FROM runs WHERE status IN ('ready', 'running'))"
_NOBODY = {"BENCHMARK_PROVIDER": "http://127.0.0.1:9/v3", "BENCHMARK_TOKEN": "benchmark"}
"""The handler calls no provider."""


def measure_runs(bench: Workbench) -> list[Section]:
    """Measure both, rounds interleaved with the no-op's. Every run must be done at the first attempt."""
    cases = {name: partial(_measured, bench, handler) for name, handler in _CASES.items()}
    threads = THREADS[QueueName.RUN]
    comparison = Comparison.measured(bench, "runs", cases, threads=threads, rounds=_ROUNDS, goals={})
    return comparison.sections("Runs per second", _prose())


def _measured(bench: Workbench, handler: str) -> Work:
    forget_all(bench.urls.database_url)
    with running_child(QueueName.RUN, bench.urls, bench.directory, _NOBODY) as child:
        _run(child, handler, _WARM_UP, prefix="w")
        return _run(child, handler, _RUNS, prefix="m")


def _run(child: WorkerChild, handler: str, count: int, *, prefix: str) -> Work:
    add_runs(child.urls.database_url, handler, count, prefix=prefix)
    with psycopg.connect(child.urls.database_url, autocommit=True) as connection:
        spent = child.work([RunHandler(handler)], lambda: connection.execute(_LEFT).fetchone() == (False,))
    done = finished_runs(child.urls.database_url, prefix)
    assert done == count, f"{count} runs were ready, {done} are done at their first attempt"
    return Work(count / spent.wall, spent.worker_cpu / count, spent.postgres_cpu / count)


def _prose() -> str:
    return (
        f"One process of `relay worker`, alone, with its {THREADS[QueueName.RUN]} threads, works off "
        f"{_RUNS:,} ready runs of distinct records, after {_WARM_UP} more that warm it up. The handler is a "
        "Python function that does nothing. Each run is claimed and its attempt committed before the "
        "handler is called, and its result committed after it; the no-op promises neither. It is an actor "
        "that does nothing, in one worker process with as many threads, Dramatiq with all its defaults, "
        f"{MESSAGES:,} messages waiting."
    )
