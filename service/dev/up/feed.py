"""What happens, as it happens: each new change with its runs, read from the database."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.db.failures import is_our_fault
from service.handlers.filtering import RunFilter
from service.handlers.listing import RunView, list_runs
from service.lifecycle import RUN_FINISHED
from service.records.listing import ChangeDetail, list_changes, show_change
from service.registrations.listing import WatchedAppView, show_app

_LOOK_EVERY = 0.25
_WAIT_FOR_RUNS = 2.0
"""Seconds that a change is held back for its runs, so that most are told in one line."""
_MOST_CHANGES = 200
_FORGET_AFTER = 3600.0


@dataclass(frozen=True)
class Told:
    """A change with what became of its runs so far. `late`: the change was told before, these runs not."""

    change: ChangeDetail
    app: WatchedAppView
    runs: tuple[RunView, ...]
    late: bool = False


@dataclass
class _Open:
    change: ChangeDetail
    app: WatchedAppView
    since: float
    told: bool = False


class Feed:
    """Tells every change that is stored from now on."""

    def __init__(
        self,
        engine: AsyncEngine,
        tell: Callable[[Told], None],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine, self._tell, self._clock = engine, tell, clock
        self._since: datetime | None = None
        self._known: set[UUID] = set()
        self._open: dict[UUID, _Open] = {}

    async def run(self) -> None:
        """Look until cancelled. While the database is away there is nothing to tell."""
        while True:
            try:
                async with self._engine.connect() as connection:
                    await self.look(connection)
            except Exception as error:
                if not is_our_fault(error):
                    raise
            await asyncio.sleep(_LOOK_EVERY)

    async def look(self, connection: AsyncConnection) -> None:
        """Read what is new, and tell it."""
        if self._since is None:
            self._since = (await connection.execute(text("SELECT now()"))).scalar_one()
        await self._find_changes(connection, self._since)
        for each in list(self._open.values()):
            runs = await list_runs(connection, RunFilter(change_id=each.change.id))
            self._follow(each, tuple(sorted(runs, key=lambda run: run.rule)))

    async def _find_changes(self, connection: AsyncConnection, since: datetime) -> None:
        newest = await list_changes(connection, limit=_MOST_CHANGES)
        recent = [change for change in newest if change.created_at >= since]
        for change in reversed(recent):
            if change.id not in self._known:
                detail = await show_change(connection, change.id)
                app = await show_app(connection, change.account, change.app_id)
                self._open[change.id] = _Open(detail, app, self._clock())
        # Those that have left the window can't come back: what comes later is newer.
        self._known = {change.id for change in newest}

    def _follow(self, each: _Open, runs: tuple[RunView, ...]) -> None:
        finished = all(run.status in RUN_FINISHED for run in runs)
        waited = self._clock() - each.since
        if not each.told and (finished or waited > _WAIT_FOR_RUNS):
            self._tell(Told(each.change, each.app, runs))
            each.told = True
        elif each.told and finished:
            self._tell(Told(each.change, each.app, runs, late=True))
        if each.told and (finished or waited > _FORGET_AFTER):
            del self._open[each.change.id]
