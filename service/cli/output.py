"""How results are shown: tables for people, JSON for programs."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import typer

from service.pipeline.showing.plain import as_json

JsonOption = typer.Option("--json", help="Print JSON instead of a table.")

Columns = Mapping[str, Callable[[Any], object]]
"""Title → what to show of an object there."""

_WIDEST = 100_000
"""Columns of the widest table that is not folded."""


def print_json(value: object) -> None:
    """Print a view, or an array of them."""
    typer.echo(json.dumps(as_json(value), indent=2, ensure_ascii=False))


def print_listing(items: Sequence[object], columns: Columns, *, json_wanted: bool, empty: str) -> None:
    """Print a listing; `empty` says why there may be nothing, and what to do."""
    if json_wanted:
        print_json(items)
    elif not items:
        typer.echo(empty)
    else:
        _print_table(items, columns)


def print_one(item: object, *, json_wanted: bool) -> None:
    """Print all there is to know of one thing."""
    if json_wanted:
        print_json(item)
        return
    shown = as_json(item)
    width = max(len(name) for name in shown)
    for name, value in shown.items():
        first, *rest = _lines(value)
        typer.echo(f"{name:<{width}}  {first}".rstrip())
        for line in rest:
            typer.echo(f"{'':<{width}}  {line}")


def _lines(value: object) -> list[str]:
    if value is None:
        return [""]
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)
    return text.split("\n")


def when(moment: datetime | None) -> str:
    """A moment for people: `2026-11-22 05:00:00` (UTC)."""
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S}"


def _print_table(items: Sequence[object], columns: Columns) -> None:
    from rich.console import Console
    from rich.measure import Measurement
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in columns:
        table.add_column(title)
    for item in items:
        cells = (show(item) for show in columns.values())
        # Text, not markup: what users and providers write may hold square brackets.
        table.add_row(*(Text("" if cell is None else str(cell)) for cell in cells))
    # As wide as its content, also in a narrow terminal: an id that is folded can not be copied.
    console = Console()
    widest = console.options.update(max_width=_WIDEST)
    console.width = max(1, Measurement.get(console, widest, table).maximum)
    console.print(table, soft_wrap=True)
