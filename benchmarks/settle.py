"""Settled records per second of one settling process, against Dramatiq's own no-op on the same Redis.

Each record was seen before, has one pending delivery, differs in one field and fits one rule: settling it
stores a snapshot, a change and a run.
"""

from collections.abc import Mapping, Sequence
from functools import partial

import psycopg

from benchmarks.backlog import ACCOUNT, APPS, add_deliveries, forget_all, settled_into_runs
from benchmarks.child import WorkerChild, running_child
from benchmarks.figures import Figure, Section
from benchmarks.noop import MESSAGES
from benchmarks.provider import running_provider
from benchmarks.throughput import Comparison, Work
from benchmarks.usage import cpu_seconds
from benchmarks.workbench import Workbench
from service.queue.messages import QueueName, SettleApp
from service.worker.main import THREADS

_CASES: Mapping[str, Sequence[str]] = {"records of one app": APPS[:1], "records of four apps": APPS}
_ROUNDS = 5
_RECORDS = 4000
_WARM_UP = 1000
_DUE = "SELECT EXISTS (SELECT FROM deliveries WHERE status IN ('pending', 'recheck'))"


def measure_settle(bench: Workbench) -> list[Section]:
    """Measure both cases, rounds interleaved with the no-op's. Every record must have led to a run."""
    busy: list[float] = []
    with running_provider(bench.directory) as (provider, variables):

        def measured(apps: Sequence[str]) -> Work:
            forget_all(bench.urls.database_url)
            with running_child(QueueName.SETTLE, bench.urls, bench.directory, variables) as child:
                _settle(child, apps, _WARM_UP, prefix="w")
                cpu = cpu_seconds(provider.pid)
                work, wall = _settle(child, apps, _RECORDS, prefix="m")
                busy.append((cpu_seconds(provider.pid) - cpu) / wall)
            return work

        cases = {name: partial(measured, apps) for name, apps in _CASES.items()}
        threads, goals = THREADS[QueueName.SETTLE], {next(iter(_CASES)): "≥ 1.0"}
        comparison = Comparison.measured(
            bench, "records", cases, threads=threads, rounds=_ROUNDS, goals=goals
        )
    return comparison.sections("Settled records per second", _prose(busy))


def _settle(child: WorkerChild, apps: Sequence[str], count: int, *, prefix: str) -> tuple[Work, float]:
    add_deliveries(child.urls.database_url, apps, count, prefix=prefix)
    with psycopg.connect(child.urls.database_url, autocommit=True) as connection:
        spent = child.work(
            [SettleApp(ACCOUNT, app_id) for app_id in apps],
            lambda: connection.execute(_DUE).fetchone() == (False,),
        )
    settled = settled_into_runs(child.urls.database_url, prefix)
    assert settled == count, (
        f"{count} records were changed, {settled} of them have a settled delivery and a run"
    )
    return Work(count / spent.wall, spent.worker_cpu / count, spent.postgres_cpu / count), spent.wall


def _prose(busy: Sequence[float]) -> str:
    return (
        f"One process of `relay worker`, alone, with its {THREADS[QueueName.SETTLE]} threads, works off "
        f"{_RECORDS:,} pending deliveries of distinct records, after {_WARM_UP:,} more that warm it up. Each "
        "record was seen before, differs in one field and fits one rule, so each leads to a snapshot, a "
        "change and a run. One app is settled by one call after the other; four apps side by side. The "
        "no-op is an actor that does nothing, in one worker process with as many threads, Dramatiq with all "
        f"its defaults, {MESSAGES:,} messages waiting. The provider is a stand-in that makes each record "
        f"out of its id and was busy for {Figure.of(busy).median:.0%} of the time."
    )
