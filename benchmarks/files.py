"""How fast, and in how much memory, the client sends and fetches a large file."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import Figure, Section
from benchmarks.processes import ROOT
from benchmarks.simulator import Simulator, running_simulator
from benchmarks.workbench import Workbench

_ROUNDS = 5
_MEGA, _MEBI = 1_000_000, 1024 * 1024
_SIZES = (10, 100)
"""In MB. Memory that does not depend on the size is the same for both."""
_GOAL_MIB = 4
_PATIENCE = 300.0


@dataclass(frozen=True, slots=True)
class Transfer:
    """One file, one way."""

    seconds: float
    grown: int
    """By how much the process's peak memory grew over what a file of 1 MiB needs, in bytes."""

    def __str__(self) -> str:
        return f"{self.seconds:.2f} s (+{self.grown / _MEBI:.1f} MiB)"


def measure_files(bench: Workbench) -> list[Section]:
    """Send files to the simulator and fetch them again, each time in a fresh process."""
    ways = [(way, size) for size in _SIZES for way in ("up", "down")]
    taken: dict[tuple[str, int], list[Transfer]] = {each: [] for each in ways}
    with running_simulator(bench.directory) as simulator:
        for number in range(_ROUNDS):
            for size in _SIZES:
                up, down = _there_and_back(bench.directory, simulator, size)
                taken["up", size].append(up)
                taken["down", size].append(down)
                bench.say(f"round {number + 1}/{_ROUNDS}: {size} MB up {up}, down {down}")
    return [section(taken)]


def _there_and_back(directory: Path, simulator: Simulator, size: int) -> tuple[Transfer, Transfer]:
    sent, fetched = directory / "sent.bin", directory / "fetched.bin"
    try:
        _write_random(sent, size * _MEGA)
        up, file_id = _transfer("up", simulator.url, sent)
        down, _ = _transfer("down", simulator.url, fetched, file_id)
        assert _digest(sent) == _digest(fetched), "the file came back changed"
    finally:
        sent.unlink(missing_ok=True)
        fetched.unlink(missing_ok=True)
    return up, down


def _transfer(way: str, url: str, path: Path, file_id: str = "") -> tuple[Transfer, str]:
    done = subprocess.run(  # noqa: S603  our own module
        [sys.executable, "-m", "benchmarks.transfer", way, url, str(path), file_id],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
        timeout=_PATIENCE,
    )
    told = json.loads(done.stdout)
    return Transfer(told["seconds"], told["after"] - told["before"]), str(told["file_id"])


def _write_random(path: Path, size: int) -> None:
    with path.open("wb") as file:
        for start in range(0, size, _MEGA):
            file.write(os.urandom(min(_MEGA, size - start)))


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def section(taken: Mapping[tuple[str, int], Sequence[Transfer]]) -> Section:
    """Tell what was taken, by direction and size in MB."""
    rows = [
        [
            f"{size} MB {'to Fusioo' if way == 'up' else 'from Fusioo'}",
            *Figure.of([size / each.seconds for each in transfers]).cells(digits=0, unit=" MB/s"),
            *Figure.of([each.grown / _MEBI for each in transfers]).cells(digits=1, unit=" MiB"),
            f"≤ {_GOAL_MIB} MiB",
        ]
        for (way, size), transfers in taken.items()
    ]
    prose = (
        "`client.files.create` of a path, and `client.files.download` into one, against the simulator over "
        "HTTP on this machine: each in a fresh process that has sent and fetched a file of 1 MiB before, and "
        "checked by the content that comes back. Growth is that of the process's peak resident memory: a "
        "client that held the file would grow by its size."
    )
    header = ["file", "speed", "spread", "growth of memory", "spread", "goal"]
    return Section("Large files", prose, header, rows)
