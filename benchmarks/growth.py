"""Whether anything gets dearer as more is stored: the same work on databases of different sizes, in turn."""

import statistics
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from benchmarks.backlog import ACCOUNT
from benchmarks.child import Spent, WorkerChild, running_child
from benchmarks.environment import SECRET, WEBHOOK_PATH, Receiver, running_receiver
from benchmarks.figures import Figure, Section
from benchmarks.growth_databases import APP, Aged, aged_databases
from benchmarks.load import Load, Outcome, generate
from benchmarks.provider import running_provider
from benchmarks.usage import postgres_cpu_seconds
from benchmarks.workbench import Workbench
from service.fusioo.webhooks import SECRET_HEADER
from service.queue.messages import QueueName, RunHandler, SettleApp

_SIZES = (1_000, 100_000, 1_000_000)
_LEAST = _SIZES[0]
_ROUNDS, _LATENCY_ROUNDS = 4, 8
_SECONDS, _WARM_UP = 1.5, 0.7
_GOAL = "≤ 1.2"

_DUE = "SELECT count(*) FROM deliveries WHERE status IN ('pending', 'recheck')"
_READY = "SELECT count(*) FROM runs WHERE status IN ('ready', 'running')"


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure: by the size of the database, a value for each round."""

    name: str
    unit: str
    digits: int = 0
    more_is_better: bool = False
    taken: dict[int, list[float]] = field(default_factory=lambda: {size: [] for size in _SIZES})

    def note(self, aged: Aged, value: float) -> None:
        self.taken[aged.rows].append(value)

    def growth(self, size: int, least: int) -> Figure:
        """How many times worse than with `least` rows, compared round by round."""
        pairs = zip(self.taken[size], self.taken[least], strict=True)
        return Figure.of([there / here if self.more_is_better else here / there for here, there in pairs])


def measure_growth(bench: Workbench) -> list[Section]:
    """Measure receiving, settling and running; each round goes through all databases."""
    databases = []
    for aged in aged_databases(bench.urls, _SIZES):
        bench.say(f"filled: {aged.name}")
        databases.append(aged)
    measures = [*_receive(bench, databases), *_work(bench, databases)]
    return [_growth(measures), _figures(measures)]


def _receive(bench: Workbench, databases: Sequence[Aged]) -> list[Measure]:
    rate = Measure("202 a second", "", more_is_better=True)
    p99 = Measure("202 at half load, p99", " ms", digits=1)
    web, postgres = Measure("202, web CPU", " µs"), Measure("202, Postgres CPU", " µs")
    with ExitStack() as held:
        receivers = {
            aged.rows: held.enter_context(running_receiver(aged.urls, bench.directory)) for aged in databases
        }
        for aged in [*databases] * _ROUNDS:
            receiver = receivers[aged.rows]
            before = receiver.cpu_seconds(), postgres_cpu_seconds(aged.urls.database_url)
            outcome = _load(receiver, None)
            rate.note(aged, outcome.rate)
            web.note(aged, (receiver.cpu_seconds() - before[0]) / outcome.sent * 1e6)
            used = postgres_cpu_seconds(aged.urls.database_url) - before[1]
            postgres.note(aged, used / outcome.sent * 1e6)
            bench.say(f"{aged.name}: {outcome.rate:,.0f} acknowledged a second")
            aged.forget_received()
        half = statistics.median(rate.taken[_LEAST]) / 2
        receivers[_LEAST].checkpoint()
        for aged in [*databases] * _LATENCY_ROUNDS:
            outcome = _load(receivers[aged.rows], half)
            p99.note(aged, outcome.p99 * 1000)
            bench.say(f"{aged.name}: p99 {outcome.p99 * 1000:.1f} ms at {half:,.0f} a second")
            aged.forget_received()
    return [rate, p99, web, postgres]


def _load(receiver: Receiver, rate: float | None) -> Outcome:
    return generate(
        Load(
            port=receiver.port,
            path=WEBHOOK_PATH,
            headers={SECRET_HEADER: SECRET},
            body='{"id": "i59adb"}',
            seconds=_SECONDS,
            warm_up=_WARM_UP,
            rate=rate,
        )
    )


def _work(bench: Workbench, databases: Sequence[Aged]) -> list[Measure]:
    settling, running = _costs("settled record"), _costs("run")
    with running_provider(bench.directory) as (_, variables):
        for place, aged in enumerate([*databases] * _ROUNDS):
            number = place // len(databases)
            with running_child(QueueName.SETTLE, aged.urls, bench.directory, variables) as child:
                _settle(child, aged, 2 * number)  # warms it up
                count, settled = _settle(child, aged, 2 * number + 1)
            # Only now: a settling process rings for the runs that it makes.
            with running_child(QueueName.RUN, aged.urls, bench.directory, variables) as child:
                ready, run = _run(child, aged)
            _note(settling, aged, count, settled)
            _note(running, aged, ready, run)
            bench.say(
                f"{aged.name}: {count / settled.wall:,.0f} settled, {ready / run.wall:,.0f} run a second"
            )
    return [*settling, *running]


def _settle(child: WorkerChild, aged: Aged, number: int) -> tuple[int, Spent]:
    with aged.counting() as count:
        ready = count(_READY)
        added = aged.add_deliveries(number)
        spent = child.work([SettleApp(ACCOUNT, APP)], lambda: count(_DUE) == 0)
        made = count(_READY) - ready
    assert made == added, f"{added} records were changed, {made} runs came of them"
    return added, spent


def _run(child: WorkerChild, aged: Aged) -> tuple[int, Spent]:
    with aged.counting() as count:
        return count(_READY), child.work([RunHandler("rest")], lambda: count(_READY) == 0)


def _costs(piece: str) -> list[Measure]:
    return [
        Measure(f"{piece}, time", " µs"),
        Measure(f"{piece}, worker CPU", " µs"),
        Measure(f"{piece}, Postgres CPU", " µs"),
    ]


def _note(costs: Sequence[Measure], aged: Aged, count: int, spent: Spent) -> None:
    for measure, seconds in zip(costs, (spent.wall, spent.worker_cpu, spent.postgres_cpu), strict=True):
        measure.note(aged, seconds / count * 1e6)


def _growth(measures: Sequence[Measure]) -> Section:
    rows = []
    for measure in measures:
        cells = [cell for size in _SIZES[1:] for cell in measure.growth(size, _LEAST).cells(digits=2)]
        rows.append([measure.name, *cells, _GOAL])
    prose = (
        "How many times as dear (for a rate: as slow) as with a thousand records, deliveries, changes, runs "
        f"and attempts stored. {_ROUNDS} rounds ({_LATENCY_ROUNDS} for p99), each through all databases of "
        "one server, each compared with its neighbours. The stored rows are finished work, a fifth of it of "
        "a hundred records; what is settled is spread evenly over all records, so that the largest database "
        "finds few in memory."
    )
    header = ["what"]
    for size in _SIZES[1:]:
        header += [f"{size:,} rows", "spread"]
    return Section("Growth", prose, [*header, "goal"], rows)


def _figures(measures: Sequence[Measure]) -> Section:
    rows = [
        [
            measure.name,
            *(
                Figure.of(measure.taken[size]).cells(digits=measure.digits, unit=measure.unit)[0]
                for size in _SIZES
            ),
        ]
        for measure in measures
    ]
    prose = (
        "The same rounds: one web process, 64 connections; one settling process; one process that runs a "
        "Python handler that does nothing. CPU is that of the process, and of all of Postgres, for one piece."
    )
    return Section("Growth: rates and costs", prose, ["what", *(f"{size:,} rows" for size in _SIZES)], rows)
