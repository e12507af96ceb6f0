"""A backtest from the command line: its progress, and what came of it."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import typer

from service.cli.attaching import attached_settings
from service.cli.database_session import reading
from service.cli.filters import app_filter
from service.cli.output import Columns, print_json, print_listing, when

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from service.pipeline.explaining.backtest import BacktestReport, Progress
    from service.rules.backtest import Example, RuleTally
    from service.rules.keeping import KeptRules

_COLUMNS: Columns = {
    "RULE": lambda each: each.rule,
    "FIRED THEN": lambda each: each.fired_then,
    "WOULD FIRE NOW": lambda each: each.fires_now,
    "NEWLY": lambda each: each.newly,
    "NO LONGER": lambda each: each.no_longer,
    "UNCLEAR": lambda each: each.unclear,
}


@contextmanager
def showing_progress() -> "Iterator[Callable[[Progress], None]]":
    """Show a bar on stderr while changes are judged; nothing where that is no terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("judging changes", total=None)
        yield lambda far: bar.update(task, completed=far.changes, total=far.all_changes)


def judge_past(
    rules: "KeptRules",
    *,
    against: "KeptRules | None",
    since: timedelta | datetime,
    until: timedelta | datetime | None,
    only: Sequence[str] | None,
    app_reference: str | None,
) -> "BacktestReport":
    """Judge stored changes by these rules. Raises NotFoundError for an unknown app."""
    from service.pipeline.explaining.backtest import run_backtest
    from service.rules.backtest import Backtest
    from service.rules.rejudging import Judge

    backtest = Backtest(Judge(rules), against=None if against is None else Judge(against), only=only)

    async def judge(connection: "AsyncConnection") -> "BacktestReport":
        app_ids = await app_filter(connection, app_reference)
        with showing_progress() as on_progress:
            return await run_backtest(
                connection, backtest, since=since, until=until, app_ids=app_ids, on_progress=on_progress
            )

    return reading(attached_settings(), judge)


def print_report(report: "BacktestReport", *, against: str | None, json_wanted: bool) -> None:
    """Print the counts of each rule, then examples of what differs."""
    if json_wanted:
        print_json(report)
        return
    stretch = f"from {when(report.since)} to {when(report.until)} UTC"
    than = "what was run" if against is None else against
    typer.echo(f"{report.changes} changes {stretch}, compared with {than}:")
    print_listing(report.rules, _COLUMNS, json_wanted=False, empty="No rule was asked.")
    for tally in report.rules:
        for line in _example_lines(tally):
            typer.echo(line)
    if not report.differs:
        typer.echo("No rule says anything else.")
    if unclear := sum(tally.unclear for tally in report.rules):
        typer.echo(
            f"{unclear} judgements are unclear: they ask for linked records that were not fetched then;"
            " they are in no other column."
        )


def _example_lines(tally: "RuleTally") -> Iterator[str]:
    for title, examples, count in (
        ("fires newly", tally.newly_examples, tally.newly),
        ("fires no longer", tally.no_longer_examples, tally.no_longer),
        ("is unclear", tally.unclear_examples, tally.unclear),
    ):
        if examples:
            yield f"{tally.rule} {title}, {count} times, for example:"
            yield from map(_example_line, examples)


def _example_line(example: "Example") -> str:
    return f"  {example.change_id}  record {example.record_id}  {example.why}"
