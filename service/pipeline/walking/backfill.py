"""backfill: every record of an app into snapshots, for a person who waits for it and may stop it at any time.

It calls in the last of the lanes, so that whatever is live goes first, and waits where that has no call left.
After each page it rests for longer than that took: app and machine are free for what is live meanwhile.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from service.db.locks import Lock
from service.db.session_locks import hold_lock
from service.errors import (
    BudgetExhaustedError,
    Disposition,
    NotFoundError,
    ProviderError,
    RefusedError,
)
from service.lifecycle import WalkPurpose
from service.pipeline.accounts.record_lists import RecordLists
from service.pipeline.walking.pages import Keeping
from service.pipeline.walking.reader import Reader
from service.pipeline.walking.sweeping import log_ended
from service.registrations.watched import WatchedApp, watched_apps
from service.walks.repository import Walk, begin_walk, claim_walk, drop_walk

_PURPOSE = WalkPurpose.BACKFILL
_LONGEST_WAIT, _SHORTEST_WAIT = 30.0, 0.2
_FIRST_PAUSE, _LONGEST_PAUSE = 5.0, 60.0
_MOST_FAILURES = 8
_REST, _LONGEST_REST = 2.0, 2.0
"""For how many times as long as its last page took a backfill rests, and for how many seconds at most."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which backfill is meant."""

    account: str
    app: WatchedApp
    run_rules: bool = False
    since: timedelta | datetime | None = None
    """Only what was modified so long before the newest edit, or since a moment; None: everything."""
    restart: bool = False
    """Forget how far an earlier one has read."""


class Watching:
    """Is told how a backfill goes; does nothing by itself."""

    def began(self, walk: Walk, *, resumed: bool) -> None:
        """It begins, or goes on where it was."""

    def went_on(self, walk: Walk) -> None:
        """A call was made, and what came of it is stored."""

    def waits(self, until: datetime, why: str) -> None:
        """Nothing is asked before."""


class Backfill:
    """One backfill, in the foreground."""

    def __init__(
        self,
        engine: AsyncEngine,
        lists: RecordLists,
        wanted: Wanted,
        keeping: Keeping,
        *,
        watching: Watching,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        rest: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`lists`: their calls are paid by the lane of backfills."""
        self._engine, self._lists, self._wanted = engine, lists, wanted
        self._keeping, self._watching, self._sleep, self._rest = keeping, watching, sleep, rest

    async def run(self) -> Walk:
        """Read to the end; gives how the walk stood then. Stopped, it goes on with the next `run`.

        Raises RefusedError where one is under way, here or with other wishes; AccountRefusedError and what
        else the client raises and does not pass.
        """
        async with self._alone():
            walk, resumed = await self._begin()
            self._watching.began(walk, resumed=resumed)
            listed = self._lists.listed(walk.app_id, since=walk.since)
            reader = Reader(self._engine, walk, listed, self._keeping)
            while not reader.is_read:
                began = time.monotonic()
                await self._patiently(reader.step)
                self._watching.went_on(reader.walk)
                await self._rest(min(_REST * (time.monotonic() - began), _LONGEST_REST))
            await reader.finish()
        log_ended(reader.walk)
        return reader.walk

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        name = f"{self._wanted.account}/{self._wanted.app.id}"
        async with hold_lock(self._engine, Lock.BACKFILL, name, wait=timedelta(0)):
            yield

    async def _begin(self) -> tuple[Walk, bool]:
        """Begin, or go on with the one that was stopped; tells which."""
        wanted, token = self._wanted, uuid4()
        account, app_id = wanted.account, wanted.app.id
        async with self._engine.begin() as connection:
            if wanted.restart:
                await drop_walk(connection, account, app_id, _PURPOSE)
            walk = await claim_walk(connection, account, app_id, _PURPOSE, token=token)
        if walk is not None:
            _check_same(walk, wanted)
            return walk, walk.course is not None
        since = await self._since()
        async with self._engine.begin() as connection:
            await begin_walk(connection, account, app_id, _PURPOSE, run_rules=wanted.run_rules, since=since)
            walk = await claim_walk(connection, account, app_id, _PURPOSE, token=token)
        if walk is None:
            raise RefusedError(f"the backfill of {account}/{app_id} was taken away; try again")
        return walk, False

    async def _since(self) -> datetime | None:
        """Turn how long ago into the provider's time."""
        since = self._wanted.since
        if not isinstance(since, timedelta):
            return since
        found: list[datetime] = []

        async def look() -> None:
            found.append(await self._lists.moment_before(self._wanted.app.id, since))

        await self._patiently(look)
        return found[0]

    async def _patiently(self, step: Callable[[], Awaitable[None]]) -> None:
        """Do a step; wait for a call where none is left, and for a provider that is away."""
        failures = 0
        while True:
            try:
                await step()
            except BudgetExhaustedError as error:
                await self._wait(error.free_at, "live changes go first: no call is left for backfills")
            except ProviderError as error:
                if error.disposition is Disposition.DEFER:  # 429: the ledger knows of it, and says until when
                    await self._wait(datetime.now(UTC), str(error))
                    continue
                failures += 1
                if error.disposition is not Disposition.RETRY or failures > _MOST_FAILURES:
                    raise
                pause = max(error.retry_after or 0.0, min(_FIRST_PAUSE * 2 ** (failures - 1), _LONGEST_PAUSE))
                await self._wait(datetime.now(UTC) + timedelta(seconds=pause), str(error))
            else:
                return

    async def _wait(self, until: datetime, why: str) -> None:
        self._watching.waits(until, why)
        _log.info(
            "walk.deferred", account=self._wanted.account, app=self._wanted.app.id, until=until.isoformat()
        )
        # The database's clock says when a call is free: it is asked again before ours may be wrong for long.
        seconds = (until - datetime.now(UTC)).total_seconds()
        await self._sleep(min(max(seconds, _SHORTEST_WAIT), _LONGEST_WAIT))


async def find_watched(engine: AsyncEngine, account: str, reference: str) -> WatchedApp:
    """Find the app that is meant, by its id or its exact name.

    Raises NotFoundError where `webhooks apply` has not stored it: what changes meanwhile would be lost;
    RefusedError where the name fits several.
    """
    async with engine.connect() as connection:
        found = await watched_apps(connection, account, [reference])
    if not found:
        raise NotFoundError(
            f"no app {reference} of account {account} is watched yet; name it in a rule and run"
            " `relay webhooks apply` first, so that nothing is lost that changes meanwhile"
        )
    if len(found) > 1:
        listed = ", ".join(app.id for app in found)
        raise RefusedError(f"several apps are called {reference}; say which by its id: {listed}")
    return found[0]


def _check_same(walk: Walk, wanted: Wanted) -> None:
    if walk.run_rules == wanted.run_rules and (walk.since is None) == (wanted.since is None):
        return
    options = " ".join(
        [*(["--run-rules"] if walk.run_rules else []), *(["--since …"] if walk.since is not None else [])]
    )
    raise RefusedError(
        f"a backfill of {walk.account}/{walk.app_id} with {options or 'no options'} was stopped before its"
        " end; go on with the same options, or begin anew with --restart"
    )
