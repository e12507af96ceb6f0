"""reconcile: changes that no webhook told of, found by asking what was modified last.

It calls in a lane of its own: whatever settles finds its call. What a round can't do now, for lack of calls
or for a provider's trouble, is done later, and the account's other apps go on.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from math import inf

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from service.db.failures import is_our_fault
from service.db.locks import Lock
from service.db.persisting import persist
from service.db.session_locks import hold_lock
from service.errors import (
    AccountRefusedError,
    BudgetExhaustedError,
    Disposition,
    ProviderError,
    RefusedError,
)
from service.handlers.clipping import ERROR_LENGTH, clip
from service.pipeline.halts import accept_account, refuse_account, shows_acceptance
from service.pipeline.reconciling.accounts import ReconciledAccount
from service.pipeline.reconciling.rounds import Rounds
from service.reconciles import repository
from service.reconciles.repository import DueApp, EndedRound
from service.reconciles.rhythm import pause_after_failure
from service.records.halts import HALT_PAUSE, note_probe, read_rest
from service.registrations.watched import WatchedApp, watched_apps
from service.ticks.repository import hasten

_SLICE = 60.0
"""Seconds after which the job begins no other round: its tick calls it again."""
_AFTER_SETTLING = timedelta(seconds=5)

_log = structlog.get_logger()


@dataclass(slots=True)
class Reconciled:
    """What became of the apps of one account."""

    ended: dict[str, EndedRound] = field(default_factory=dict)
    failed: dict[str, Exception] = field(default_factory=dict)
    """Why a round could not be ended, by app; it goes on where it was."""


class Reconciler:
    """The job `reconcile`, of one account at a time. May be stopped at any point."""

    def __init__(
        self, engine: AsyncEngine, *, accounts: Mapping[str, ReconciledAccount], grace: timedelta
    ) -> None:
        """`grace`: how long a webhook that tells of the same change may still be on its way."""
        self._engine, self._accounts, self._grace = engine, accounts, grace

    async def reconcile(self, account: str) -> None:
        """Make the rounds that are due; the job of a tick."""
        if account not in self._accounts:  # a configuration that this process does not have yet
            return
        try:
            async with hold_lock(self._engine, Lock.RECONCILE, account, wait=timedelta(0)):
                await self._make_rounds(account, await self._watched(account), anyhow=False)
        except RefusedError:
            _log.debug("reconcile.skipped", account=account)

    async def reconcile_now(self, account: str, references: tuple[str, ...] | None = None) -> Reconciled:
        """Make a round of every app, or of those meant, whether due or not: a person asked for it.

        Raises RefusedError where somebody else is at it for longer than a minute.
        """
        async with hold_lock(self._engine, Lock.RECONCILE, account):
            watched = await self._watched(account)
            chosen = [app for app in watched if references is None or {app.id, app.name} & set(references)]
            return await self._make_rounds(account, chosen, anyhow=True)

    async def _watched(self, account: str) -> list[WatchedApp]:
        async with self._engine.begin() as connection:
            watched = await watched_apps(connection, account, self._accounts[account].apps)
            await repository.keep_watched(connection, account, [app.id for app in watched])
        return watched

    async def _make_rounds(self, account: str, apps: list[WatchedApp], *, anyhow: bool) -> Reconciled:
        until = inf if anyhow else time.monotonic() + _SLICE
        found = Reconciled()
        app_ids = [app.id for app in apps]
        async with self._engine.begin() as connection:
            due = await repository.due_apps(connection, account, app_ids, anyhow=anyhow)
            if not due or (await read_rest(connection, account) is not None and not anyhow):
                return found
            probes = await note_probe(connection, account, pause=HALT_PAUSE)
        rounds = Rounds(self._engine, account, self._accounts[account], grace=self._grace)
        for app in due:
            if time.monotonic() > until:
                break
            try:
                ended = await rounds.make(app, until=until)
            except Exception as error:
                if is_our_fault(error):
                    raise
                found.failed[app.app_id] = error
                if not await self._goes_on(account, app, error, app_ids, probes=probes):
                    break
            else:
                if ended is None:
                    break
                found.ended[app.app_id] = ended
                await persist(partial(self._after, account, ended, accepted=probes))
                probes = False
        return found

    async def _goes_on(
        self, account: str, app: DueApp, error: Exception, app_ids: list[str], *, probes: bool
    ) -> bool:
        """Note why a round could not be ended; says whether the account's other apps may be asked."""
        if isinstance(error, BudgetExhaustedError):
            _log.info("reconcile.deferred", account=account, free_at=error.free_at.isoformat())
            await persist(partial(self._defer, account, app_ids, error))
            return False
        if isinstance(error, ProviderError) and error.disposition is Disposition.DEFER:
            _log.info("reconcile.deferred", account=account, free_at=None)
            return False  # 429: the ledger knows of it, and says until when
        said = clip(f"{type(error).__name__}: {error}", ERROR_LENGTH)
        _log.warning("reconcile.failed", account=account, app=app.app_id, error=said)
        await persist(
            partial(self._fail, account, app, said, error, accepted=probes and shows_acceptance(error))
        )
        return not isinstance(error, AccountRefusedError)

    async def _after(self, account: str, ended: EndedRound, *, accepted: bool) -> None:
        async with self._engine.begin() as connection:
            if accepted:
                await accept_account(connection, account)
            if ended.noticed:
                # Once settling has found out what it was: webhooks may be silent.
                await hasten(connection, "drift", account, due_in=self._grace + _AFTER_SETTLING)
            if ended.gone or not ended.is_sortable:
                await hasten(connection, "full_sweep", account)

    async def _defer(self, account: str, app_ids: list[str], error: BudgetExhaustedError) -> None:
        async with self._engine.begin() as connection:
            await repository.defer_rounds(connection, account, app_ids, until=error.free_at)

    async def _fail(self, account: str, app: DueApp, said: str, error: Exception, *, accepted: bool) -> None:
        pause = pause_after_failure(app.failures + 1, period=self._accounts[account].period)
        async with self._engine.begin() as connection:
            if isinstance(error, AccountRefusedError):
                await refuse_account(connection, account, error)
            elif accepted:
                await accept_account(connection, account)
            await repository.fail_round(connection, account, app.app_id, error=said, pause=pause)
