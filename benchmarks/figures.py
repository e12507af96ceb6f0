"""Medians with their spread, and tables of them."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """What several rounds gave for one question."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Figure":
        return cls(statistics.median(values), min(values), max(values))

    def cells(self, *, digits: int, unit: str = "") -> list[str]:
        """The median and the spread, as cells of a table."""
        least, most = f"{self.least:,.{digits}f}", f"{self.most:,.{digits}f}"
        return [f"{self.median:,.{digits}f}{unit}", f"{least} to {most}{unit}"]


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page."""

    title: str
    prose: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]

    def render(self, command: str) -> str:
        """Write it with the command beside each figure."""
        header = [*self.header, "command"]
        rows = [[*row, f"`{command}`"] for row in self.rows]
        return f"## {self.title}\n\n{self.prose}\n\n{table(header, rows)}\n"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
