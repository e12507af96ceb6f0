"""How long processes take from their start until they work, and what importing them costs."""

import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import psycopg

from benchmarks.environment import is_ready, relay_environment
from benchmarks.figures import Figure, Section
from benchmarks.processes import ROOT, free_port, running, wait_until
from benchmarks.relay import INSTALLED, beating
from benchmarks.workbench import Workbench

_ROUNDS = 5
_DEAREST = 4
_PAUSE = 0.005
_COMMAND = Path(sys.executable).with_name("relay")
_VARIABLES = {"BENCHMARK_PROVIDER": "http://127.0.0.1:9/v3", "BENCHMARK_TOKEN": "benchmark"}
"""No provider is called."""
_KINDS: Mapping[str, tuple[str, frozenset[str]]] = {
    "web": ("it takes deliveries", frozenset()),
    "worker": ("its three processes beat", frozenset({"settle", "run", "job"})),
    "scheduler": ("it beats", frozenset({"scheduler"})),
}
"""By kind: when it works, and which processes must say so."""
_DOORS = {
    "`relay` itself": "service.cli.main",
    "web": "service.web.main",
    "worker": "service.worker.main",
    "scheduler": "service.scheduler.main",
}
_IMPORT = re.compile(r"^import time:\s+(\d+) \|\s+\d+ \|\s*(\w+)", re.MULTILINE)


def measure_startup(bench: Workbench) -> list[Section]:
    """Start each kind several times in turn; import each door in fresh interpreters."""
    starts: dict[str, list[float]] = {f"`relay {kind}`": [] for kind in (*_KINDS, "--help")}
    imports: dict[str, list[float]] = {name: [] for name in ("Python alone", *_DOORS)}
    for number in range(_ROUNDS):
        for kind in _KINDS:
            starts[f"`relay {kind}`"].append(_start(bench, kind))
        starts["`relay --help`"].append(_timed([_COMMAND, "--help"]))
        imports["Python alone"].append(_timed([sys.executable, "-c", ""]))
        for name, module in _DOORS.items():
            imports[name].append(_timed([sys.executable, "-c", f"import {module}"]))
        told = ", ".join(f"{name} {taken[-1]:.2f} s" for name, taken in starts.items())
        bench.say(f"round {number + 1}/{_ROUNDS}: {told}")
    return [_started(starts), _imported(imports)]


def _start(bench: Workbench, kind: str) -> float:
    """Seconds from the start of the command until it works."""
    with psycopg.connect(bench.urls.database_url) as connection:
        connection.execute("DELETE FROM processes")
    port = free_port()
    config = INSTALLED / "throughput.yaml"
    environment = {**relay_environment(bench.urls, config=config, port=port), **_VARIABLES}
    expected = _KINDS[kind][1]

    def works() -> bool:
        return beating(bench.urls.database_url) >= expected if expected else is_ready(port)

    began = time.monotonic()
    with running(kind, [_COMMAND, kind], directory=bench.directory, environment=environment) as process:
        wait_until(works, what=_KINDS[kind][0], processes=[process], pause=_PAUSE)
        return time.monotonic() - began


def _timed(command: Sequence[str | Path]) -> float:
    began = time.monotonic()
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)  # noqa: S603  our own commands
    return time.monotonic() - began


def dearest(told: str, count: int = _DEAREST) -> list[tuple[str, float]]:
    """The packages whose own modules cost most, in seconds, from what `-X importtime` writes."""
    spent: Counter[str] = Counter()
    for microseconds, package in _IMPORT.findall(told):
        spent[package] += int(microseconds)
    return [(package, microseconds / 1e6) for package, microseconds in spent.most_common(count)]


def _dearest_of(module: str) -> str:
    done = subprocess.run(  # noqa: S603  our own modules
        [sys.executable, "-X", "importtime", "-c", f"import {module}"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return ", ".join(f"{package} {seconds * 1000:.0f} ms" for package, seconds in dearest(done.stderr))


def _started(starts: Mapping[str, Sequence[float]]) -> Section:
    until = {f"`relay {kind}`": when for kind, (when, _) in _KINDS.items()} | {
        "`relay --help`": "it has ended"
    }
    rows = [[name, until[name], *_cells(taken)] for name, taken in starts.items()]
    prose = (
        f"Each command {_ROUNDS} times, in turn, its files in the system's cache: from the start of the "
        "process until what the second column says is seen from outside."
    )
    return Section("Start-up", prose, ["command", "until", "median", "spread"], rows)


def _imported(imports: Mapping[str, Sequence[float]]) -> Section:
    rows = [
        [name, *_cells(taken), _dearest_of(_DOORS[name]) if name in _DOORS else ""]
        for name, taken in imports.items()
    ]
    prose = (
        f"A fresh interpreter that imports a door and ends, {_ROUNDS} times, the interpreter's own start "
        "included. The last column says which packages cost most there, as Python's `-X importtime` counts "
        "them, which slows them down."
    )
    header = ["door", "median", "spread", "the dearest packages"]
    return Section("Import times", prose, header, rows)


def _cells(taken: Sequence[float]) -> list[str]:
    return Figure.of([seconds * 1000 for seconds in taken]).cells(digits=0, unit=" ms")
