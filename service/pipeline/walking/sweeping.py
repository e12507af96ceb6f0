"""full_sweep: reads all records of each app now and then, for what webhooks and reconcile can't tell.

That is: deletions, and changes that move no stamp. It is done in slices, in the lane of reconciling, of which
it leaves a part to the rounds; an app that fails keeps no other from its turn.
"""

import logging
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from uuid import uuid4

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from service.clock import format_duration
from service.db.failures import is_our_fault
from service.db.persisting import persist
from service.errors import (
    AccountRefusedError,
    BudgetExhaustedError,
    Disposition,
    LeaseLostError,
    ProviderError,
)
from service.handlers.clipping import ERROR_LENGTH, clip
from service.lifecycle import WalkPurpose
from service.pipeline.accounts.walked import WalkedAccount
from service.pipeline.halts import refuse_account
from service.pipeline.walking.pages import Keeping
from service.pipeline.walking.reader import Reader
from service.records.halts import read_rest
from service.registrations.watched import watched_apps
from service.rules.configuration import Configuration
from service.walks.due import next_due
from service.walks.repository import Walk, begin_walk, claim_walk, drop_left_walks, note_failure
from service.walks.standing import Standing, read_standings

SLICE = timedelta(seconds=60)
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)

_log = structlog.get_logger()


class FullSweeps:
    """The job `full_sweep`, for one account at a time: may be stopped at any point, and done twice."""

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        accounts: Mapping[str, WalkedAccount],
        configuration: Configuration,
        grace: timedelta,
        slice_: timedelta = SLICE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`grace`: how long a webhook may be on its way; `slice_`: how long the job works at a time."""
        self._engine, self._accounts, self._configuration = engine, accounts, configuration
        self._grace, self._slice, self._clock = grace, slice_.total_seconds(), clock

    async def sweep(self, account: str) -> None:
        """Read on for a while, as long as an app of the account is due and a call is left."""
        if account not in self._accounts:
            return
        until = self._clock() + self._slice
        while self._clock() < until:
            due = await self._next(account)
            if due is None or not await self._read(account, due, until):
                return

    async def _next(self, account: str) -> Standing | None:
        named = {rule.app for rule in self._configuration.rules if rule.account == account}
        async with self._engine.begin() as connection:
            if await read_rest(connection, account) is not None:
                return None  # its credentials are refused
            watched = {app.id for app in await watched_apps(connection, account, named)}
            await drop_left_walks(connection, account, watched)
            standings = await read_standings(connection, account)
        return next_due(
            [each for each in standings if each.app_id in watched],
            every=self._configuration.accounts[account].full_sweep,
            limit=self._accounts[account].limit,
        )

    async def _read(self, account: str, app: Standing, until: float) -> bool:
        """Read an app on; tells whether the account may go on being read."""
        walked = self._accounts[account]
        walk = await persist(lambda: self._claim(account, app.app_id))
        keeping = Keeping(walked.provider, self._grace)
        reader = Reader(self._engine, walk, walked.listed(app.app_id), keeping)
        try:
            while not reader.is_read:
                if self._clock() >= until:
                    return False
                await reader.step()
            await reader.finish()
        except BudgetExhaustedError as error:
            _log.info("walk.deferred", account=account, app=app.app_id, until=error.free_at.isoformat())
            return False
        except LeaseLostError as error:
            _log.warning("walk.lost", account=account, app=app.app_id, error=str(error))
            return False
        except Exception as error:
            if is_our_fault(error):
                raise
            if isinstance(error, ProviderError) and error.disposition is Disposition.DEFER:
                _log.info("walk.deferred", account=account, app=app.app_id, until=None)
                return False  # 429: the ledger knows of it, and says until when
            await self._fail(reader.walk, error)
            return not isinstance(error, AccountRefusedError)
        log_ended(reader.walk)
        return True

    async def _claim(self, account: str, app_id: str) -> Walk:
        purpose = WalkPurpose.FULL_SWEEP
        async with self._engine.begin() as connection:
            await begin_walk(connection, account, app_id, purpose)
            walk = await claim_walk(connection, account, app_id, purpose, token=uuid4())
        if walk is None:
            raise LeaseLostError(f"the full sweep of {account}/{app_id} was ended by somebody else")
        return walk

    async def _fail(self, walk: Walk, error: Exception) -> None:
        said = clip(f"{type(error).__name__}: {error}", ERROR_LENGTH)
        pause = min(_FIRST_PAUSE * 2 ** min(walk.failures, 10), _LONGEST_PAUSE)
        async with self._engine.begin() as connection:
            await note_failure(connection, walk, error=said, pause=pause)
            if isinstance(error, AccountRefusedError):
                await refuse_account(connection, walk.account, error)
        _log.warning(
            "walk.failed",
            account=walk.account,
            app=walk.app_id,
            purpose=walk.purpose,
            error=said,
            again_in=format_duration(pause),
        )


def log_ended(walk: Walk) -> None:
    """Write the line of a walk that was read to its end."""
    _log.log(
        logging.WARNING if walk.missing or walk.unstored else logging.INFO,
        "walk.ended",
        account=walk.account,
        app=walk.app_id,
        purpose=walk.purpose,
        calls=walk.calls,
        seen=walk.seen,
        expected=walk.expected,
        taken_in=walk.taken_in,
        noticed=walk.noticed,
        absent=walk.absent,
        missing=walk.missing,
        unstored=walk.unstored,
    )
