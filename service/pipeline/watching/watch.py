"""drift: the webhooks of an account are looked after. Are they as we made them, and do they tell of changes?

Listening costs no call and is done at every tick; the provider is asked once in a while, and at once where a
webhook turns out to be silent. It calls in the lane of registrations: without webhooks we hear of nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from service.changes.types import App
from service.db.failures import is_our_fault
from service.errors import BudgetExhaustedError, RefusedError
from service.fusioo.client import FusiooClient
from service.handlers.clipping import ERROR_LENGTH, clip
from service.pipeline.registering.applying import app_references
from service.pipeline.registering.planning import Aim
from service.pipeline.registering.register import apply_account
from service.pipeline.watching.alarms import clear_left
from service.pipeline.watching.comparing import WAIT, Comparing
from service.pipeline.watching.listening import Habits, hear_all, listen
from service.registrations.drifts import compared_lately, note_failure
from service.registrations.steps import Wanted
from service.registrations.watched import WatchedApp, watched_apps
from service.rules.account import Account
from service.rules.configuration import Configuration
from service.sealing import SecretBox

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Address:
    """What is needed to tell a provider where we are, and to keep the secrets that it tells us."""

    public_url: str
    box: SecretBox = field(repr=False)
    overlap: timedelta
    """How long one that was replaced is accepted beside its successor."""


class WebhookWatch:
    """The job `drift`: may be stopped at any point, and done twice."""

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        configuration: Configuration,
        clients: Mapping[str, FusiooClient],
        address: Address | None,
        every: timedelta,
        lost_after: timedelta,
    ) -> None:
        """`clients`: by account, of providers with an API for webhooks. Without an `address` none is asked.

        One that answered within half of `every` is not asked again, unless a webhook is silent.
        """
        self._engine, self._configuration, self._clients = engine, configuration, clients
        self._address, self._fresh, self._lost_after = address, every / 2, lost_after
        self._told_of_address = False

    async def watch(self, account: str) -> None:
        """Look after one account. Its provider's trouble is noted; the next tick tries again."""
        configured = self._configuration.accounts.get(account)
        if configured is None:
            return
        async with self._engine.begin() as connection:
            await clear_left(connection, self._configuration.accounts)
            references = [each.text for each in app_references(self._configuration, account)]
            apps = _named(references, await watched_apps(connection, account, references))
        silent = await self._listen(account, configured, apps)
        if account not in self._clients:
            return  # its provider has no API for webhooks: those that people set up are listened to
        if self._address is None:
            self._tell_of_address()
            return
        urgent = silent and configured.heal
        if not urgent and await self._compared_lately(account):
            return
        try:
            await self._mend(account, configured, apps, self._address, silent)
        except BudgetExhaustedError as error:
            _log.info("webhooks.deferred", account=account, free_at=error.free_at.isoformat())
        except RefusedError as error:  # a person applies
            _log.info("webhooks.deferred", account=account, reason=str(error))
        except Exception as error:
            if is_our_fault(error):
                raise
            said = clip(f"{type(error).__name__}: {error}", ERROR_LENGTH)
            async with self._engine.begin() as connection:
                await note_failure(connection, account, said)
            _log.warning("webhooks.unchecked", account=account, error=said)

    async def _listen(self, account: str, configured: Account, apps: Mapping[str, App]) -> frozenset[Wanted]:
        if not await hear_all(self._engine):
            return frozenset()  # what was not looked through yet may hold what seems to be missing
        habits = Habits(configured.reconcile, configured.quiet_after, configured.heal, self._lost_after)
        async with self._engine.begin() as connection:
            return await listen(connection, account, {app.id: app.name for app in apps.values()}, habits)

    async def _compared_lately(self, account: str) -> bool:
        async with self._engine.connect() as connection:
            return await compared_lately(connection, account, within=self._fresh)

    async def _mend(
        self,
        account: str,
        configured: Account,
        apps: Mapping[str, App],
        address: Address,
        silent: frozenset[Wanted],
    ) -> None:
        client = self._clients[account]
        aim = Aim(
            account=account,
            references=(),
            public_url=address.public_url,
            overlap=address.overlap,
            provider=configured.provider,
        )
        comparing = Comparing(self._engine, client, address.box, aim, apps, heal=configured.heal)
        found = await comparing.compare()
        still = silent - found.mended
        if not still or not configured.heal or found.moved:
            return
        rotation = replace(aim, rotating=still.__contains__)
        await apply_account(self._engine, client, address.box, rotation, apps=apps, wait=WAIT)
        for place in sorted(still, key=lambda place: (place.app_id, place.kind)):
            _log.warning("webhook.replaced", account=account, app_id=place.app_id, kind=place.kind)

    def _tell_of_address(self) -> None:
        if not self._told_of_address:
            self._told_of_address = True
            _log.warning("webhooks.unwatched", missing="RELAY_PUBLIC_URL or RELAY_SECRET_KEY")


def _named(references: Sequence[str], watched: Sequence[WatchedApp]) -> dict[str, App]:
    """What the account's rules name, by how they name it, of the apps that were applied.

    One whose name several have is left to `webhooks apply`: it asks what is meant.
    """
    found: dict[str, App] = {}
    for reference in references:
        by_id = [app for app in watched if app.id == reference]
        meant = by_id or [app for app in watched if app.name == reference]
        if len(meant) == 1:
            found[reference] = App(meant[0].id, meant[0].name)
    return found
