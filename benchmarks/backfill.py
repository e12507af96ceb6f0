"""What a live edit suffers while a backfill reads a whole app, and what that backfill costs.

Both halves of the samples are of one run: before the backfill, and while it takes records in.
"""

import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from benchmarks.environment import relay_environment
from benchmarks.figures import Section
from benchmarks.processes import LOOPBACK, Running, free_port, running, shown
from benchmarks.relay import COMMAND, INSTALLED, running_relay, wait_until_watching
from benchmarks.sampling import PATIENCE, Sample, Sampler, milliseconds, share
from benchmarks.simulator import TOKEN, Simulator, running_simulator
from benchmarks.workbench import Workbench
from service.dev.simulators.fusioo.example_apps import TASKS_ID

CONFIG = INSTALLED / "backfill.yaml"
_RECORDS = 50_000
_SAMPLES, _WARM_UP = 200, 20
_GOAL = 2.0
_GOAL_CALLS = 1.25
_PAGE = 200
_BEHIND = "Pacific/Honolulu"
"""Ten hours behind our clock: by their stamps the records were there long before the relay."""


@dataclass(frozen=True, slots=True)
class Backfilled:
    """What a backfill told when it had ended."""

    records: int
    calls: int
    began: float
    ended: float
    """Seconds since 1970, by the clock of the machine, as the samples' moments are."""

    @property
    def seconds(self) -> float:
        return self.ended - self.began


def measure_backfill(bench: Workbench) -> list[Section]:
    """Sample an idle relay, then the same one while it reads an app of many records."""
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sink,
        running_simulator(bench.directory) as simulator,
    ):
        sink.bind((LOOPBACK, 0))
        sink.settimeout(PATIENCE)
        simulator.fill(_RECORDS, zone=_BEHIND)
        _leave_to_backfill(bench.urls.database_url)
        told = {
            "BENCHMARK_TOKEN": TOKEN,
            "BENCHMARK_PROVIDER": simulator.url,
            "BENCHMARK_SINK": str(sink.getsockname()[1]),
        }
        with running_relay(bench.urls, bench.directory, config=CONFIG, variables=told) as processes:
            wait_until_watching(bench.urls.database_url, processes=list(processes.values()))
            try:
                taken = _sample(bench, simulator, sink, told)
            except TimeoutError:
                message = f"no handler has started within {PATIENCE:g} s{shown(processes.values())}"
                raise SystemExit(message) from None
    return [section(*taken)]


def _sample(
    bench: Workbench, simulator: Simulator, sink: socket.socket, variables: Mapping[str, str]
) -> tuple[list[Sample], list[Sample], Backfilled]:
    sampler = Sampler(simulator, sink)
    undisturbed = [sampler.take() for _ in range(_WARM_UP + _SAMPLES)][_WARM_UP:]
    bench.say(f"undisturbed: p50 {milliseconds(_part(undisturbed, 0.5))}")
    beside: list[Sample] = []
    with _running_backfill(bench, variables) as backfill:
        while backfill.process.poll() is None:
            beside.append(sampler.take())
    assert backfill.process.returncode == 0, backfill.shown()
    taken = _read_cost(bench.urls.database_url)
    beside = [each for each in beside if each.posted >= taken.began and each.started <= taken.ended]
    bench.say(f"beside a backfill, {len(beside)} of them: p50 {milliseconds(_part(beside, 0.5))}")
    return undisturbed, beside, taken


@contextmanager
def _running_backfill(bench: Workbench, variables: Mapping[str, str]) -> Iterator[Running]:
    environment = {**relay_environment(bench.urls, config=CONFIG, port=free_port()), **variables}
    command: Sequence[str | Path] = (COMMAND, "backfill", "main", "Tasks", "--json")
    with running("backfill", command, directory=bench.directory, environment=environment) as process:
        yield process


def _leave_to_backfill(database_url: str) -> None:
    """Let it look as if the app had just been swept: else a sweep would take the records in first."""
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO walks (account, app_id, purpose, sight, ended_at)"
            " VALUES ('main', %s, 'full_sweep', 0, now())",
            [TASKS_ID],
        )


def _read_cost(database_url: str) -> Backfilled:
    with psycopg.connect(database_url) as connection:
        row = connection.execute(
            "SELECT seen, calls, extract(epoch FROM began_at), extract(epoch FROM ended_at) FROM walks"
            " WHERE purpose = 'backfill' AND ended_at IS NOT NULL"
        ).fetchone()
    assert row is not None, "the backfill has left no trace"
    return Backfilled(int(row[0]), int(row[1]), began=float(row[2]), ended=float(row[3]))


def section(undisturbed: Sequence[Sample], beside: Sequence[Sample], backfill: Backfilled) -> Section:
    """Tell what was taken."""
    rows = [
        [
            f"a live edit beside it, {name}",
            f"{milliseconds(_part(beside, part))}, alone {milliseconds(_part(undisturbed, part))}",
            f"{_part(beside, part) / _part(undisturbed, part):.2f}",
            goal,
        ]
        for name, part, goal in (("p50", 0.5, f"≤ {_GOAL:g}"), ("p90", 0.9, "none"))
    ]
    least = backfill.records / _PAGE
    rows.append(
        [
            "the backfill's calls",
            f"{backfill.calls:,} for {backfill.records:,} records",
            f"{backfill.calls / least:.2f} of records ÷ {_PAGE}",
            f"≤ {_GOAL_CALLS:g}",
        ]
    )
    prose = (
        "One relay, `web`, `worker` and `scheduler` as they are installed, on the simulator. Edits of one "
        "record at a time, a few a second, from the POST to the first line of the handler: "
        f"{len(undisturbed)} of them first, then {len(beside)} more while `relay backfill` takes in an app "
        f"of {backfill.records:,} records, which took {backfill.seconds:.0f} s. Its budget never makes it "
        "wait, so this is the most that it can disturb; the simulator, which writes its pages, shares the "
        "machine."
    )
    header = ["what", "figure", "ratio", "goal"]
    return Section("A live edit beside a backfill", prose, header, rows)


def _part(samples: Sequence[Sample], part: float) -> float:
    return share([sample.taken for sample in samples], part)
