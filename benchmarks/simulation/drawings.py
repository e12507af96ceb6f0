"""Drawings for the page, as SVG: the same bytes for the same figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

_SIZE = (9.0, 3.6)


@dataclass(frozen=True, slots=True)
class Panel:
    """One diagram, both axes logarithmic: lines by name, each of points (events an hour, value)."""

    title: str
    unit: str
    lines: Mapping[str, Sequence[tuple[float, float]]]


def draw(panels: Sequence[Panel], path: Path) -> None:
    """Write a drawing of panels beside each other; makes its directory."""
    path.parent.mkdir(exist_ok=True)
    # A fixed salt for the names within the file, and text as text: the same bytes each time, and few.
    with mpl.rc_context({"svg.hashsalt": "fusioo-relay", "svg.fonttype": "none", "font.size": 9}):
        figure = Figure(figsize=_SIZE, layout="constrained")
        for number, panel in enumerate(panels, 1):
            axes = figure.add_subplot(1, len(panels), number)
            for name, points in panel.lines.items():
                axes.plot(*zip(*points, strict=True), marker="o", markersize=3, label=name)
            axes.set(
                title=panel.title, xscale="log", yscale="log", xlabel="events an hour", ylabel=panel.unit
            )
            axes.grid(alpha=0.3)
            axes.minorticks_off()
            if number == 1:
                axes.legend(fontsize=8)
        figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None})
