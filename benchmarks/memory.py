"""How much memory each process of a relay takes: when it has started, and when it has worked."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg

from benchmarks.figures import Section
from benchmarks.processes import Running, wait_until
from benchmarks.relay import INSTALLED, running_relay
from benchmarks.simulator import TOKEN, Simulator, running_simulator
from benchmarks.usage import children_of
from benchmarks.workbench import Say, Workbench

_RECORDS, _ROUNDS = 1000, 10
_EVENTS = _RECORDS * _ROUNDS
_PATIENCE = 120.0
_CHILD = "relay worker: "
"""How `ps` names the processes of `relay worker`, before their queue."""
_KIBI, _MEBI = 1024, 1024 * 1024
_ARRIVED = "SELECT count(*) FROM deliveries"
_UNFINISHED = """
    SELECT (SELECT count(*) FROM deliveries WHERE status IN ('pending', 'recheck'))
        + (SELECT count(*) FROM runs WHERE status IN ('waiting', 'ready', 'running'))"""
_DONE = "SELECT count(*) FROM runs WHERE status = 'done'"


@dataclass(frozen=True, slots=True)
class Memory:
    """Of one process, in bytes."""

    resident: int
    proportional: int
    """Of what several processes share, an equal part."""
    own: int
    """What would be free without it."""

    @classmethod
    def of(cls, rollup: str) -> "Memory":
        """Read it from /proc/PID/smaps_rollup, which counts in kB (proc(5))."""
        counted = dict(line.split(":", 1) for line in rollup.splitlines() if line.endswith(" kB"))
        sizes = {name: int(value.split()[0]) * _KIBI for name, value in counted.items()}
        return cls(sizes["Rss"], sizes["Pss"], sizes["Private_Clean"] + sizes["Private_Dirty"])


def measure_memory(bench: Workbench) -> list[Section]:
    """Start a relay and look; let it find changes and run a handler for each, and look again."""
    config = INSTALLED / "memory.yaml"
    with running_simulator(bench.directory) as simulator:
        variables = {"BENCHMARK_TOKEN": TOKEN, "BENCHMARK_PROVIDER": simulator.url}
        with running_relay(bench.urls, bench.directory, config=config, variables=variables) as processes:
            fresh = dict(_look(processes))
            with psycopg.connect(bench.urls.database_url, autocommit=True) as connection:
                _work(bench.say, simulator, connection, processes)
                done = _count(connection, _DONE)
            used = dict(_look(processes))
    assert fresh.keys() == used.keys(), f"processes ended or began: {fresh.keys() ^ used.keys()}"
    assert done == _EVENTS, f"{_EVENTS} edits led to {done} runs that are done"
    return [_section(fresh, used)]


def _work(
    say: Say,
    simulator: Simulator,
    connection: "psycopg.Connection[tuple[object, ...]]",
    processes: Mapping[str, Running],
) -> None:
    tasks: list[str] = []
    for number in range(1, _ROUNDS + 1):
        if not tasks:
            tasks = [simulator.create_task(title=f"Task {place}") for place in range(_RECORDS)]
        else:
            for record_id in tasks:
                simulator.update(record_id, notes=f"Edit {number}")
        wait_until(
            lambda number=number: (  # type: ignore[misc]
                _count(connection, _ARRIVED) >= number * _RECORDS and _count(connection, _UNFINISHED) == 0
            ),
            what=f"{number * _RECORDS} edits were told of, and all is done",
            processes=list(processes.values()),
            timeout=_PATIENCE,
            pause=0.2,
        )
        say(f"{number * _RECORDS:,} events")


def _look(processes: Mapping[str, Running]) -> Iterator[tuple[str, Memory]]:
    for kind, process in processes.items():
        yield f"`relay {kind}`", _memory(process.pid)
        for child in children_of(process.pid):
            title = Path("/proc", str(child), "cmdline").read_text().rstrip("\0")
            if title.startswith(_CHILD):
                yield f"`relay {kind}`, process for {title.removeprefix(_CHILD)}", _memory(child)


def _memory(pid: int) -> Memory:
    return Memory.of(Path("/proc", str(pid), "smaps_rollup").read_text())


def _count(connection: "psycopg.Connection[tuple[object, ...]]", query: str) -> int:
    row = connection.execute(query.encode()).fetchone()
    return 0 if row is None else int(str(row[0]))


def _section(fresh: Mapping[str, Memory], used: Mapping[str, Memory]) -> Section:
    rows = [[name, *_cells(fresh[name]), *_cells(used[name])] for name in fresh]
    before, after = (sum(each.proportional for each in all_of.values()) for all_of in (fresh, used))
    rows.append(["all together", "", f"{before / _MEBI:.0f} MiB", "", "", f"{after / _MEBI:.0f} MiB", ""])
    prose = (
        "`relay web`, `relay worker` and `relay scheduler` as they are installed, on the simulator: as soon "
        f"as all are ready, and after {_EVENTS:,} edits of {_RECORDS:,} records, each told of by a delivery, "
        "each a change with one run of a Python handler that does nothing. Resident memory counts what "
        "processes share (the interpreter, its libraries) in each of them; the share counts it in equal "
        "parts; own memory is what would be free without the process. One look each: there is no spread."
    )
    header = ["process", "resident", "share", "own"]
    worked = f"after {_EVENTS:,} events"
    return Section("Memory", prose, [*header, f"resident {worked}", f"share {worked}", f"own {worked}"], rows)


def _cells(memory: Memory) -> list[str]:
    return [f"{size / _MEBI:.0f} MiB" for size in (memory.resident, memory.proportional, memory.own)]
