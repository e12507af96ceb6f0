"""backtest: lets rules judge stored changes again, and counts what differs. Nothing is run or stored."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from service.rulebooks.kept_changes import Stretch, count_changes, read_kept_changes, read_moment
from service.rules.backtest import Backtest, RuleTally

_TOLD_EVERY = 200
"""Changes between two reports of how far it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a backtest is."""

    changes: int
    all_changes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestReport:
    """What came of a backtest."""

    since: datetime
    until: datetime
    changes: int
    """How many were judged."""
    differs: bool
    """Whether any rule says something else now of any change."""
    rules: list[RuleTally]


async def run_backtest(
    connection: AsyncConnection,
    backtest: Backtest,
    *,
    since: timedelta | datetime,
    until: timedelta | datetime | None = None,
    app_ids: Collection[str] | None = None,
    on_progress: Callable[[Progress], None],
) -> BacktestReport:
    """Judge the changes of a stretch of time, in their order, however many there are.

    `since`, `until`: a moment, or how long ago. `app_ids`: of these apps alone.
    """
    now = await read_moment(connection)
    begin, end = (now - each if isinstance(each, timedelta) else each for each in (since, until or now))
    stretch = Stretch(since=begin, until=end, app_ids=app_ids)
    total = await count_changes(connection, stretch)
    async for kept in read_kept_changes(connection, stretch):
        backtest.add(kept)
        if backtest.changes % _TOLD_EVERY == 0:
            on_progress(Progress(changes=backtest.changes, all_changes=total))
    on_progress(Progress(changes=backtest.changes, all_changes=total))
    tallies = backtest.tallies
    return BacktestReport(
        since=stretch.since,
        until=stretch.until,
        changes=backtest.changes,
        differs=any(tally.differs for tally in tallies),
        rules=tallies,
    )
