"""One round of one app: what its provider says was modified last, held against what we know.

Nothing is concluded here: what differs becomes a hint of our own, and settling looks at it. A page is one
call and then one transaction, which keeps what was found and how far the list was read: whoever goes on after
a kill repeats one page at most.
"""

import re
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, timedelta
from functools import partial
from math import inf
from typing import Any, TypeAlias

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from service.budget.lanes import Lane
from service.changes.types import Fields, Origin
from service.db.persisting import persist
from service.errors import UnsortableError
from service.inbox.noticing import notice_records
from service.lifecycle import RecordState
from service.pipeline.reconciling.accounts import ReconciledAccount
from service.pipeline.reconciling.deleted import deleted_among
from service.pipeline.reconciling.pages import screen_page
from service.reconciles import repository
from service.reconciles.course import OVERLAP, PAGE, Course, SortedReading
from service.reconciles.filtered import FilteredReading
from service.reconciles.repository import DueApp, EndedRound
from service.reconciles.rhythm import true_period
from service.records.baseline import read_snapshots
from service.registrations.apps import view_app

_MOST_TORN = 30
"""So many pages of a round that do not go on from what was read: its list has no order that lasts."""
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")

_GoOn: TypeAlias = Callable[[Course, Mapping[str, Fields], Collection[str]], Course]

_log = structlog.get_logger()


class Rounds:
    """The rounds of one account's apps. One process at a time makes them."""

    def __init__(
        self, engine: AsyncEngine, account: str, asked: ReconciledAccount, *, grace: timedelta
    ) -> None:
        """`grace`: how long a webhook that tells of the same change may still be on its way."""
        self._engine, self._account, self._asked, self._grace = engine, account, asked, grace

    async def make(self, app: DueApp, *, until: float = inf) -> EndedRound | None:
        """Make a round, or go on with one that was broken off; None: it goes on another time.

        `until`: no page is begun after that, on the monotonic clock. Raises what a call raises; what was read
        by then is kept.
        """
        unsortable: str | None = None
        there: set[str] = set()
        try:
            if not await self._read_pages(app, until, there):
                return None
        except UnsortableError as error:
            unsortable = f"{error}; only full sweeps find what no webhook told of"
        await self._count(app.app_id, there)
        ended = await persist(lambda: self._end(app.app_id, unsortable))
        _log.info(
            "reconcile.done",
            account=self._account,
            app=app.app_id,
            calls=ended.calls,
            noticed=ended.noticed,
            gone=ended.gone,
            sortable=unsortable is None,
        )
        return ended

    async def _read_pages(self, app: DueApp, until: float, there: set[str]) -> bool:
        """Read on to the end of the round, which may come too late.

        Adds to `there` what was listed and waits to be looked at.
        """
        course, began = app.course, time.monotonic()
        sorted_, torn = self._asked.modified.is_sorted, 0
        reading = SortedReading() if sorted_ else FilteredReading(PAGE, since_last=app.began)
        if not app.is_under_way:
            course = Course(await persist(lambda: self._begin(app.app_id)))
        elif not sorted_:
            began, reading = began - app.began.total_seconds(), FilteredReading(PAGE)
        while not course.is_over:
            if time.monotonic() > until:
                return False
            listed = await self._asked.modified.page(
                app.app_id, offset=course.place, after=course.after if self._asked.filters else None
            )
            page = _by_id(listed)
            if reading.is_torn(course, page):
                torn += 1
                course = await self._step_back(app.app_id, reading.step_back(course), torn)
            else:
                go_on = partial(reading.go_on, elapsed=timedelta(seconds=time.monotonic() - began))
                course = await self._take(app.app_id, course, page, there, go_on)
        return True

    async def _step_back(self, app_id: str, course: Course, torn: int) -> Course:
        if torn > _MOST_TORN:
            raise UnsortableError("the list changes its order faster than it can be read")
        await persist(lambda: self._store(app_id, course))
        return course

    async def _take(
        self, app_id: str, course: Course, page: dict[str, Fields], there: set[str], go_on: _GoOn
    ) -> Course:
        """Hold a page against what we know, and keep what came of it."""

        async def take() -> Course:
            async with self._engine.begin() as connection:
                screened = await screen_page(connection, self._account, app_id, page)
                wanted = screened.different
                await notice_records(
                    connection, self._account, app_id, wanted, origin=Origin.RECONCILE, due_in=self._grace
                )
                after = go_on(course, page, wanted)
                await repository.store_course(
                    connection,
                    self._account,
                    app_id,
                    after,
                    noticed=len(wanted),
                    behind=after.behind(page, wanted),
                )
            there.update(wanted, screened.awaited)
            return after

        return await persist(take)

    async def _count(self, app_id: str, there: Collection[str]) -> None:
        """Compare the number of records; fewer than we know shows deletions that nobody told of.

        What was listed just now is `there`, whether we know it yet or not: else a new record would make up
        for a deleted one.
        """
        api_count = await self._asked.modified.count(app_id)
        gone = await persist(lambda: self._store_count(app_id, api_count, there, calls=1))
        if gone and self._asked.sees_deleted:
            with_deleted = await self._asked.modified.page_with_deleted(app_id)
            without = await self._asked.modified.page(app_id, offset=0)
            named = deleted_among(with_deleted, without, whole=len(without) < PAGE)
            await persist(lambda: self._notice_deleted(app_id, named))
            await persist(lambda: self._store_count(app_id, api_count, there, calls=2))

    async def _begin(self, app_id: str) -> str | None:
        """Note that a round begins; gives the watermark.

        Stamps of a list that is filtered are UTC: the first watermark is when the app began to be watched.
        """
        async with self._engine.begin() as connection:
            first = None
            if not self._asked.modified.is_sorted:
                view = await view_app(connection, self._account, app_id)
                first = ((view.watched_since or view.now).astimezone(UTC) - OVERLAP).isoformat()
            return await repository.begin_round(connection, self._account, app_id, first=first)

    async def _store(self, app_id: str, course: Course) -> None:
        async with self._engine.begin() as connection:
            await repository.store_course(connection, self._account, app_id, course, noticed=0, behind=None)

    async def _store_count(self, app_id: str, api_count: int, there: Collection[str], *, calls: int) -> int:
        async with self._engine.begin() as connection:
            known = await repository.count_known(connection, self._account, app_id, listed=there)
            gone = max(0, known.known + known.unknown - known.awaited - api_count)
            await repository.store_count(
                connection,
                self._account,
                app_id,
                api_count=api_count,
                known=known.known,
                gone=gone,
                calls=calls,
            )
        return gone

    async def _notice_deleted(self, app_id: str, named: list[str]) -> None:
        async with self._engine.begin() as connection:
            known = await read_snapshots(connection, self._account, app_id, named)
            live = [one for one, snapshot in known.items() if snapshot.state is RecordState.LIVE]
            await notice_records(
                connection, self._account, app_id, live, origin=Origin.RECONCILE, due_in=self._grace
            )

    async def _end(self, app_id: str, unsortable: str | None) -> EndedRound:
        asked = self._asked
        async with self._engine.begin() as connection:
            calls = await repository.last_calls(connection, self._account)
            own = asked.limit.own(Lane.RECONCILE) or asked.limit.calls
            pause = true_period(asked.period, calls=calls, own=own, window=asked.limit.window)
            return await repository.end_round(
                connection, self._account, app_id, pause=pause, unsortable=unsortable
            )


def _by_id(listed: Sequence[Mapping[str, Any]]) -> dict[str, Fields]:
    """Name the records of a page; those with an id that no delivery could have are left out."""
    return {str(each["id"]): each for each in listed if _ID.fullmatch(str(each["id"]))}
