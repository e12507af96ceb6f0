"""refresh: what the tokens see of the apps, asked anew; then the rules against that.

It calls in the lane of reconciling: nobody waits for it, and whatever settles must find its call. An account
that has none left is asked the next time.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.db.failures import is_our_fault
from service.errors import BudgetExhaustedError
from service.fusioo.models import App
from service.pipeline.checking.alarms import clear_found_fields, tell_broken_rules
from service.pipeline.checking.differences import differences
from service.pipeline.checking.mapping import described, read_app
from service.pipeline.checking.written import apps_named
from service.registrations.listings import (
    SchemaChange,
    listed_lately,
    refresh_apps,
    store_listing,
)
from service.rules.configuration import Configuration

ListApps = Callable[[Collection[str]], Awaitable[tuple[App, ...]]]
"""Asks a provider for all apps of an account; where fields cost calls of their own, for those of the apps
that these ids and exact names mean, and of those near to them."""

_log = structlog.get_logger()


class AppRefresh:
    """The job `apps`: may be stopped at any point, and done twice."""

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        listers: Mapping[str, ListApps],
        configuration: Configuration,
        every: timedelta,
    ) -> None:
        """`listers`: by account. One whose apps were listed within half of `every` is not asked again."""
        self._engine, self._listers, self._configuration = engine, listers, configuration
        self._fresh = every / 2

    async def refresh(self, _key: str = "") -> None:
        """Ask every account that rules name, or handlers that write to an app.

        Then check the rules, and raise and clear their alarms.
        """
        named = apps_named(self._configuration)
        for account in sorted(named.keys() & self._listers.keys()):
            await self._refresh_account(account, named[account])
        async with self._engine.begin() as connection:
            await tell_broken_rules(connection, self._configuration)
            await clear_found_fields(connection, self._configuration)

    async def _refresh_account(self, account: str, named: Collection[str]) -> None:
        """Ask one account; its trouble keeps no other from being asked."""
        async with self._engine.connect() as connection:
            if await listed_lately(connection, account, within=self._fresh):
                return
        try:
            listed = await self._listers[account](named)
            async with self._engine.begin() as connection:
                changes = await store_apps(connection, account, listed)
        except BudgetExhaustedError as error:
            _log.info("apps.deferred", account=account, free_at=error.free_at.isoformat())
        except Exception as error:
            if is_our_fault(error):
                raise
            _log.warning("apps.unlisted", account=account, error=f"{type(error).__name__}: {error}")
        else:
            log_changes(account, changes)


async def store_apps(connection: AsyncConnection, account: str, listed: Sequence[App]) -> list[SchemaChange]:
    """Keep what an account's token sees; gives what differs of the apps that rules name.

    Of an app whose fields are not told, those stay that were known.
    """
    apps = [described(app) for app in listed]
    await store_listing(connection, account, apps)
    return await refresh_apps(connection, account, [app for app in apps if "fields" in app])


def log_changes(account: str, changes: Sequence[SchemaChange]) -> None:
    """Write a line for each app of which something differs that rules could care for."""
    for change in changes:
        before, after = read_app(change.before), read_app(change.after)
        told = differences(before, after).told() if before and after else {}
        if told:
            _log.warning("app.schema_changed", account=account, app_id=change.app_id, **told)
