"""How a backfill looks while it goes: a bar on a terminal, a line now and then elsewhere; both on stderr."""

import sys
import time
from collections.abc import Callable
from datetime import datetime
from types import TracebackType
from typing import Self

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from service.budget.lanes import Lane, Limit
from service.pipeline.walking.backfill import Watching
from service.pipeline.walking.estimate import Pace, calls_left, seconds_left
from service.walks.repository import Walk

_LINE_EVERY = 10.0


class Screen(Watching):
    """Shows one backfill, while it is entered."""

    def __init__(
        self,
        app_name: str,
        limit: Limit,
        *,
        used: int,
        rows_per_call: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`used`: how many of the account's calls count now; `rows_per_call`: what each brings."""
        self._rows_per_call = rows_per_call
        self._name, self._limit, self._used, self._clock = app_name, limit, used, clock
        self._bar: Progress | None = None
        if sys.stderr.isatty():
            columns = (
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[left]}"),
            )
            self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
            self._task = self._bar.add_task(app_name, total=None, left="")
        self._began = self._told_at = clock()
        self._calls_before = self._calls = 0

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def began(self, walk: Walk, *, resumed: bool) -> None:
        """Say that it begins, or where it goes on."""
        self._calls_before = self._calls = walk.calls
        how = f"goes on after {walk.seen} records" if resumed else "begins"
        self._say(f"backfill of {self._name} {how}; stop it at any time, it goes on where it was")

    def went_on(self, walk: Walk) -> None:
        """Show how far it is."""
        self._used += walk.calls - self._calls
        self._calls = walk.calls
        left = self._left(walk)
        if self._bar is not None:
            self._bar.update(self._task, completed=walk.seen, total=walk.expected, left=left)
        elif self._clock() - self._told_at >= _LINE_EVERY:
            self._told_at = self._clock()
            of = "" if walk.expected is None else f" of {walk.expected}"
            self._say(f"{walk.seen}{of} records, {walk.calls} calls{f', {left}' if left else ''}")

    def waits(self, until: datetime, why: str) -> None:
        """Say why nothing happens, and until when."""
        self._used = self._limit.usable(Lane.BACKFILL)
        self._say(f"waits until {until:%H:%M:%S} UTC: {why}")

    def _left(self, walk: Walk) -> str:
        calls = calls_left(walk, self._rows_per_call)
        made = self._calls - self._calls_before
        if calls is None or not made:
            return ""
        usable = self._limit.usable(Lane.BACKFILL)
        pace = Pace(
            free=max(0, usable - self._used),
            usable=usable,
            window=self._limit.window.total_seconds(),
            per_call=(self._clock() - self._began) / made,
        )
        return f"about {calls} calls and {_spell(seconds_left(calls, pace))} to go"

    def _say(self, line: str) -> None:
        if self._bar is not None:
            self._bar.console.print(line, highlight=False, markup=False)
        else:
            typer.echo(line, err=True)


def _spell(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 1:
        return f"{round(seconds)} s"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"  # noqa: PLR2004  an hour
