"""The configured accounts as one process uses them, whatever their providers."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from service.errors import NotFoundError
from service.fusioo.client import FusiooClient
from service.fusioo.models import App
from service.handlers.database import HandlerDatabase
from service.onspring.client import OnspringClient
from service.pipeline.accounts.fusioo import FusiooAccount
from service.pipeline.accounts.modified import ModifiedList
from service.pipeline.accounts.noting import Writer
from service.pipeline.accounts.onspring import OnspringAccount
from service.pipeline.accounts.tokens import TokenVault
from service.pipeline.accounts.walked import WalkedAccount
from service.pipeline.linking.accounts import LinkedAccount
from service.pipeline.settling.looks import SettledAccount
from service.rules.account import Account
from service.transport.http import Transport

_Open = TypeVar("_Open", FusiooAccount, OnspringAccount)


class Accounts:
    """All accounts of a configuration, for one process."""

    def __init__(
        self,
        accounts: Mapping[str, Account],
        engine: AsyncEngine,
        *,
        timeout: timedelta,
        holder: UUID,
        vault: TokenVault | None = None,
        transport: Transport | None = None,
    ) -> None:
        """Open them; nothing is connected until it is used.

        `timeout` limits each call; `holder` is the process that makes them; `vault` keeps tokens that expire;
        `transport` replaces the network. Raises ConfigurationError for what this version can't reach.
        """
        shared: dict[str, Any] = {"timeout": timeout, "holder": holder, "transport": transport}
        self._providers = {name: account.provider for name, account in accounts.items()}
        self._fusioo = {
            name: FusiooAccount(name, account, engine, vault=vault, **shared)
            for name, account in accounts.items()
            if account.provider == "fusioo"
        }
        self._onspring = {
            name: OnspringAccount(name, account, engine, **shared)
            for name, account in accounts.items()
            if account.provider == "onspring"
        }
        self._all: dict[str, FusiooAccount | OnspringAccount] = {**self._fusioo, **self._onspring}

    def settled(self) -> dict[str, SettledAccount]:
        """Give what settling needs, by account."""
        return {name: account.settled() for name, account in self._all.items()}

    def linked(self) -> dict[str, LinkedAccount]:
        """Give what fetching linked records needs, by account."""
        return {name: account.linked() for name, account in self._all.items()}

    def walked(self) -> dict[str, WalkedAccount]:
        """Give what full sweeps need, by account."""
        return {name: account.walked() for name, account in self._all.items()}

    def listers(self) -> dict[str, Callable[[Collection[str]], Awaitable[tuple[App, ...]]]]:
        """Give what lists the apps of each account, with the fields at least of those named to it."""
        return {name: account.list_apps for name, account in self._all.items()}

    def registering(self) -> dict[str, FusiooClient]:
        """Give a client for our webhooks at the provider, by account; Onspring has no API for them."""
        return {name: account.registering() for name, account in self._fusioo.items()}

    def modified(self) -> dict[str, ModifiedList]:
        """Give what lists the records of each account that were modified lately."""
        return {name: account.modified() for name, account in self._all.items()}

    def providers(self) -> dict[str, str]:
        """Give the provider of each account."""
        return dict(self._providers)

    def fusioo(self, name: str, database: HandlerDatabase, writer: Writer) -> FusiooClient:
        """Give the client of one attempt of a handler.

        Raises NotFoundError for an account that is not there, or not at Fusioo.
        """
        return self._of(self._fusioo, name, "Fusioo").client_for_handler(database, writer)

    def onspring(self, name: str, database: HandlerDatabase, writer: Writer) -> OnspringClient:
        """Do the same for an account at Onspring."""
        return self._of(self._onspring, name, "Onspring").client_for_handler(database, writer)

    def _of(self, opened: Mapping[str, _Open], name: str, provider: str) -> _Open:
        if name in opened:
            return opened[name]
        there = ", ".join(sorted(opened)) or "none"
        raise NotFoundError(
            f"there is no account {name!r} at {provider} in the configuration; there are: {there}"
        )

    async def close(self) -> None:
        """Close all connections."""
        for account in self._all.values():
            await account.close()
