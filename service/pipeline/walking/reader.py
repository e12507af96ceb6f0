"""Reads an app's records page by page: call, then one transaction with what was found and how far it is.

Killed at any point, whoever goes on repeats at most one call.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.db.persisting import persist
from service.fusioo.models import Record
from service.fusioo.paging import ReadCount, ReadPage
from service.inbox.noticing import notice_records
from service.pipeline.accounts.walked import RecordList
from service.pipeline.walking.course import Course
from service.pipeline.walking.pages import ORIGINS, Keeping, course_of, hold, store_count, store_page
from service.records.repository import next_sight
from service.walks.absences import read_piece
from service.walks.repository import Walk, end_walk, hold_walk, store_progress

PIECE = 1000
"""How many of our own records are looked through at once for those that are not there any more."""
NOTICED_AT_ONCE = 200
PAUSE_BETWEEN = timedelta(seconds=5)
"""Between so many that are not there, so that what others hint at goes in between."""


class Reader:
    """Reads one walk on. `walk` is how it stands."""

    def __init__(self, engine: AsyncEngine, walk: Walk, listed: RecordList, keeping: Keeping) -> None:
        self.walk = walk
        self._engine, self._listed, self._keeping = engine, listed, keeping

    @property
    def is_read(self) -> bool:
        """Whether the list was read to its end; `finish` is what remains."""
        return self._course().step is None

    async def step(self) -> None:
        """Make one call, and store what comes of it.

        Raises what the client raises (BudgetExhaustedError before anything is sent): the walk stays where it
        was; LeaseLostError where somebody else reads on.
        """
        step, before = self._course().step, self._listed.calls
        if isinstance(step, ReadCount):
            count = await self._listed.count()
            calls = self._listed.calls - before
            self.walk = await persist(lambda: self._store_count(count, calls))
        elif isinstance(step, ReadPage):
            started = await persist(self._sight)
            size = self._course().plan.paging.page_size
            rows = await self._listed.page(step.offset, size, backwards=step.backwards)
            page = [(self._listed.id_of(row), row) for row in rows]
            calls = self._listed.calls - before
            self.walk = await persist(lambda: self._store_page(page, started=started, calls=calls))

    async def finish(self) -> None:
        """Have those looked at that were not seen, where all was read, a piece at a time; end the walk."""
        if self._course().is_whole:
            after: str | None = ""
            while after is not None:
                after = await persist(partial(self._notice_absent, after))
        await persist(self._end)

    def _course(self) -> Course:
        return course_of(self.walk, self._keeping)

    @property
    def _is_sorted(self) -> bool:
        return self.walk.since is not None and not self._keeping.filters

    async def _sight(self) -> int:
        async with self._engine.begin() as connection:
            return await next_sight(connection)

    async def _store_page(self, page: Sequence[tuple[str, Record]], *, started: int, calls: int) -> Walk:
        async with self._engine.begin() as connection:
            return await store_page(
                connection,
                self.walk,
                page,
                self._keeping,
                started=started,
                calls=calls,
                lasting=self._listed.in_order if self._is_sorted else self._listed.lasting,
            )

    async def _store_count(self, count: int, calls: int) -> Walk:
        async with self._engine.begin() as connection:
            return await store_count(connection, self.walk, count, self._keeping, calls=calls)

    async def _notice_absent(self, after: str) -> str | None:
        async with self._engine.begin() as connection:
            await hold(connection, self.walk)
            piece = await read_piece(connection, self.walk, after=after, most=PIECE)
            noticed = await self._notice(connection, piece.absent)
            walk = replace(self.walk, noticed=self.walk.noticed + noticed, absent=self.walk.absent + noticed)
            await store_progress(connection, walk)
        self.walk = walk
        return piece.reached

    async def _notice(self, connection: AsyncConnection, absent: Sequence[str]) -> int:
        noticed, before = 0, self.walk.absent
        for first in range(0, len(absent), NOTICED_AT_ONCE):
            found = await notice_records(
                connection,
                self.walk.account,
                self.walk.app_id,
                absent[first : first + NOTICED_AT_ONCE],
                origin=ORIGINS[self.walk.purpose],
                due_in=self._keeping.grace + PAUSE_BETWEEN * ((before + noticed) // NOTICED_AT_ONCE),
            )
            noticed += len(found)
        return noticed

    async def _end(self) -> None:
        async with self._engine.begin() as connection:
            if await hold_walk(connection, self.walk):  # else it is ended: only the answer was lost
                await end_walk(connection, self.walk)
