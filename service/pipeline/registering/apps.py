"""The apps that an account's token sees, for people who ask."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from service.budget.lanes import Lane
from service.budget.ledger import Ledger
from service.changes.types import App as NamedApp
from service.fusioo.models import App
from service.onspring.definitions import Definitions
from service.onspring.presenter import Presenter
from service.pipeline.accounts.clients import open_client, open_onspring_client
from service.pipeline.accounts.limits import limit_of
from service.pipeline.accounts.onspring_apps import described_apps
from service.pipeline.accounts.tokens import TokenVault
from service.registrations.resolving import AppReference, resolve_apps
from service.rules.account import Account
from service.sealing import SecretBox
from service.transport.http import Transport
from service.transport.metering import Meter, Unmetered


async def list_apps(
    name: str,
    account: Account,
    *,
    call_timeout: timedelta,
    engine: AsyncEngine | None = None,
    box: SecretBox | None = None,
    transport: Transport | None = None,
    meant: str | None = None,
) -> tuple[App, ...]:
    """Ask for the apps of an account; sorted by name. At Fusioo with one call, at Onspring with one for each.

    `meant`: an id or exact name; fields that cost a call of their own are asked for only of what it means.
    Calls are counted in the database of `engine`, and may use the reserve; without an engine nobody counts.
    Tokens that expire are kept there, sealed by `box`.
    Raises what the client raises, ConfigurationError for what this version can't reach.
    """
    meter: Meter = Unmetered()
    vault = None if engine is None or box is None else TokenVault(engine, box, insist=True)
    if engine is not None:
        meter = Ledger(engine, name, limit_of(account), longest=call_timeout).meter(Lane.PEOPLE)
    if account.provider == "onspring":
        async with open_onspring_client(
            name, account, timeout=call_timeout, meter=meter, transport=transport
        ) as onspring:
            presenter = Presenter(Definitions(), account.stamps.model_dump())
            one = None if meant is None else [meant]
            return _by_name(await described_apps(onspring, presenter, meant=one, steps=0))
    async with open_client(
        name, account, timeout=call_timeout, meter=meter, vault=vault, transport=transport
    ) as client:
        return _by_name(await client.apps.list())


def _by_name(apps: Sequence[App]) -> tuple[App, ...]:
    return tuple(sorted(apps, key=lambda app: (app.name.casefold(), app.id)))


def find_app(reference: str, apps: Sequence[App]) -> App:
    """Find the app with this id or exact name.

    Raises ConfigurationError, with near names, where there is none, or more than one.
    """
    named = [NamedApp(app.id, app.name) for app in apps]
    found = resolve_apps([AppReference(reference)], named)[reference]
    return next(app for app in apps if app.id == found.id)
