"""`webhooks plan`, `apply` and `rotate` for the accounts of a configuration."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from sqlalchemy.ext.asyncio import AsyncEngine

from service.budget.lanes import Lane
from service.budget.ledger import Ledger
from service.fusioo.client import FusiooClient
from service.fusioo.models import App
from service.pipeline.accounts.clients import open_client
from service.pipeline.accounts.limits import limit_of
from service.pipeline.accounts.providers import WITH_WEBHOOKS
from service.pipeline.accounts.tokens import TokenVault
from service.pipeline.registering.apps import list_apps
from service.pipeline.registering.planning import Aim, Planned, find_apps, plan_account, plan_polled
from service.pipeline.registering.register import (
    Applied,
    apply_account,
    approve_all,
    tell_nobody,
    watch_polled,
)
from service.registrations.plan import Chooses
from service.registrations.resolving import AppReference
from service.registrations.steps import Step
from service.rules.configuration import Configuration
from service.sealing import SecretBox
from service.transport.http import Transport


def app_references(configuration: Configuration, account: str) -> list[AppReference]:
    """How the account's rules name their apps, each once, with the place of the first."""
    found: dict[str, AppReference] = {}
    for index, rule in enumerate(configuration.rules):
        if rule.account == account:
            place = configuration.place("rules", index, "app")
            found.setdefault(rule.app, AppReference(rule.app, place))
    return list(found.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Registrar:
    """Plans and applies accounts of one configuration. Its calls are counted, and may use the reserve.

    `call_timeout` limits each call; `transport` replaces the network. Every method raises what
    `plan_account` and `apply_account` raise, ConfigurationError for what this version can't reach, and
    KeyError for an account that the configuration does not have.
    """

    engine: AsyncEngine
    configuration: Configuration
    box: SecretBox = field(repr=False)
    public_url: str
    overlap: timedelta
    call_timeout: timedelta
    transport: Transport | None = None

    async def plan(self, account: str, *, prune: bool = False, rotating: Chooses | None = None) -> Planned:
        """Say what an apply would do; nothing is changed, here or there."""
        aim = self._aim(account, prune=prune, rotating=rotating)
        if self._is_polled(account):
            apps, _ = await find_apps(partial(self._list_apps, account), aim.references)
            return await plan_polled(self.engine, aim, apps, self._period(account))
        async with self._client(account) as client:
            return await plan_account(self.engine, client, self.box, aim)

    async def apply(
        self,
        account: str,
        *,
        prune: bool = False,
        rotating: Chooses | None = None,
        approve: Callable[[Planned], bool] = approve_all,
        on_taken: Callable[[Step], None] = tell_nobody,
    ) -> Applied:
        """Apply one account; with `rotating`, replace what it chooses, and do nothing else.

        Where the provider has no API for webhooks, only the apps are stored.
        """
        aim = self._aim(account, prune=prune, rotating=rotating)
        if self._is_polled(account):
            asking = partial(self._list_apps, account)
            return await watch_polled(self.engine, asking, aim, self._period(account), approve=approve)
        async with self._client(account) as client:
            return await apply_account(self.engine, client, self.box, aim, approve=approve, on_taken=on_taken)

    def _aim(self, account: str, *, prune: bool, rotating: Chooses | None) -> Aim:
        return Aim(
            account=account,
            references=app_references(self.configuration, account),
            public_url=self.public_url,
            overlap=self.overlap,
            provider=self.configuration.accounts[account].provider,
            prune=prune,
            rotating=rotating,
        )

    def _is_polled(self, account: str) -> bool:
        """Whether its provider has no API for webhooks."""
        return self.configuration.accounts[account].provider not in WITH_WEBHOOKS

    def _period(self, account: str) -> timedelta:
        return self.configuration.accounts[account].reconcile

    async def _list_apps(self, account: str) -> Sequence[App]:
        return await list_apps(
            account,
            self.configuration.accounts[account],
            call_timeout=self.call_timeout,
            engine=self.engine,
            box=self.box,
            transport=self.transport,
        )

    @asynccontextmanager
    async def _client(self, account: str) -> AsyncIterator[FusiooClient]:
        configured = self.configuration.accounts[account]
        ledger = Ledger(self.engine, account, limit_of(configured), longest=self.call_timeout)
        async with open_client(
            account,
            configured,
            timeout=self.call_timeout,
            meter=ledger.meter(Lane.REGISTRATIONS),
            vault=TokenVault(self.engine, self.box, insist=True),
            transport=self.transport,
        ) as client:
            yield client
