"""What each benchmark gave the last time, kept as one JSON file each: a partial run replaces its own only."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.figures import Section
from benchmarks.processes import ROOT

RESULTS = ROOT / "benchmarks" / "results"

Facts = Sequence[tuple[str, str]]
"""Names and values."""


@dataclass(frozen=True, slots=True)
class Result:
    """The sections of one benchmark, and where they come from."""

    machine: Facts
    """What stays the same from run to run on one machine."""
    conditions: Facts
    """What was found just before this run."""
    sections: Sequence[Section]


class Results:
    """A directory with one file for each benchmark that was ever run."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def keep(self, name: str, result: Result) -> None:
        """Replace what a benchmark gave before."""
        self._directory.mkdir(exist_ok=True)
        text = json.dumps(asdict(result), indent=1, ensure_ascii=False)
        self._path(name).write_text(f"{text}\n", "utf-8")

    def read_all(self) -> dict[str, Result]:
        """Give what each benchmark gave the last time, by name."""
        return {path.stem: _read(path) for path in sorted(self._directory.glob("*.json"))}

    def _path(self, name: str) -> Path:
        return self._directory / f"{name}.json"


def _read(path: Path) -> Result:
    kept = json.loads(path.read_text("utf-8"))
    return Result(
        machine=[(name, value) for name, value in kept["machine"]],
        conditions=[(name, value) for name, value in kept["conditions"]],
        sections=[Section(**section) for section in kept["sections"]],
    )
