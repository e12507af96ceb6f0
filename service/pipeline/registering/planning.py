"""What the rules need of a provider, against what it has: looked at, and nothing changed."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from hmac import compare_digest
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from service.changes.types import App, Kind
from service.errors import ConfigurationError
from service.fusioo import models as fusioo
from service.fusioo.client import FusiooClient
from service.lifecycle import RegistrationStatus
from service.registrations import repository
from service.registrations.listing import list_registrations
from service.registrations.plan import Chooses, choose_none, find_foreign, make_plan
from service.registrations.resolving import AppReference, resolve_apps
from service.registrations.steps import (
    BUILDING,
    IN_ORDER,
    Foreign,
    Ours,
    Step,
    Theirs,
    Wanted,
    served_by,
)
from service.sealing import SecretBox

ListApps = Callable[[], Awaitable[Sequence[fusioo.App]]]
"""Asks the provider for all apps that the account sees."""

_MOST_REGISTRATIONS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """What there should be, and how to get there."""

    account: str
    references: Sequence[AppReference]
    """How the rules name their apps: each gets a webhook of every kind."""
    public_url: str
    """Where providers reach us."""
    overlap: timedelta
    """How long one that was replaced is accepted beside the one that took its place."""
    provider: str = "fusioo"
    prune: bool = False
    """Whether what no rule wants is deleted, not only reported."""
    rotating: Chooses | None = None
    """Chooses what is replaced although it is well; then nothing is done for any other."""


@dataclass(frozen=True, slots=True)
class Polled:
    """How the apps are watched of an account whose provider has no API for webhooks."""

    every: timedelta
    """How often they are asked for changes."""
    told_of: frozenset[str]
    """Ids of those that have a webhook all the same: a person set it up."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What an account's provider has against what it should have."""

    apps: Mapping[str, App]
    """By how the rules name them."""
    names: Mapping[str, str]
    """What these and earlier apps are called, by id."""
    steps: Sequence[Step]
    foreign: Sequence[Foreign]
    """Webhooks that are somebody else's."""
    listed: Mapping[str, fusioo.Webhook] = field(repr=False)
    """The provider's list by id: it tells the secrets."""
    polled: Polled | None = None
    """None: the provider has an API for webhooks."""

    @property
    def due(self) -> list[Step]:
        """What differs from how it should be. One that `Retire` names only a person's `prune` deletes."""
        return [step for step in self.steps if not isinstance(step, IN_ORDER)]


async def plan_account(
    engine: AsyncEngine,
    client: FusiooClient,
    box: SecretBox,
    aim: Aim,
    *,
    apps: Mapping[str, App] | None = None,
) -> Planned:
    """Plan an account; changes nothing, here or there.

    `apps`: what the references mean, if that is known already; otherwise one more call asks. The webhooks
    are listed with one call. Raises ConfigurationError for apps that can't be told, and what the client
    raises.
    """
    if apps is None:
        apps = (await find_apps(client.apps.list, aim.references))[0]
    return await compare(engine, client, box, aim, apps)


async def find_apps(
    list_apps: ListApps, references: Sequence[AppReference]
) -> tuple[Mapping[str, App], Sequence[fusioo.App]]:
    """Find what the references mean, and all apps that the account sees; without references nothing is asked.

    Raises ConfigurationError for apps that can't be told, and what the client raises.
    """
    if not references:
        return {}, ()
    seen = await list_apps()
    return resolve_apps(references, [App(app.id, app.name) for app in seen]), seen


async def plan_polled(engine: AsyncEngine, aim: Aim, apps: Mapping[str, App], every: timedelta) -> Planned:
    """Plan an account whose provider has no API for webhooks: its apps are watched, and nothing is made."""
    async with engine.connect() as connection:
        names = await repository.app_names(connection, aim.account)
        active = await list_registrations(
            connection, account=aim.account, status=RegistrationStatus.ACTIVE, limit=_MOST_REGISTRATIONS
        )
    told_of = frozenset(each.app_id for each in active)
    names |= {app.id: app.name for app in apps.values()}
    return Planned(apps, names, (), (), {}, Polled(every, told_of))


async def compare(
    engine: AsyncEngine, client: FusiooClient, box: SecretBox, aim: Aim, apps: Mapping[str, App]
) -> Planned:
    """Compare the webhooks that the provider lists with those that these apps need."""
    listed = {webhook.id: webhook for webhook in await client.webhooks.list()}
    theirs = [_theirs(webhook) for webhook in listed.values()]
    async with engine.connect() as connection:
        ours = await repository.load_ours(connection, aim.account)
        sealed = await repository.load_sealed(connection, aim.account)
        names = await repository.app_names(connection, aim.account)
        other_keys = await repository.load_other_keys(connection, aim.account)
    secrets = _Secrets(box, sealed, listed)
    ours = [replace(row, secret_known=secrets.knows(row)) for row in ours]
    steps = make_plan(
        (Wanted(app.id, kind) for app in apps.values() for kind in Kind),
        ours,
        theirs,
        public_url=aim.public_url,
        provider=aim.provider,
        prune=aim.prune,
        rotating=aim.rotating or choose_none,
    )
    if aim.rotating is not None:
        steps = [step for step in steps if _builds(step, aim.rotating)]
    foreign = find_foreign(ours, theirs, public_url=aim.public_url, other_keys=other_keys)
    names |= {app.id: app.name for app in apps.values()}
    return Planned(apps, names, steps, foreign, listed)


@dataclass(frozen=True, slots=True)
class _Secrets:
    """What we keep of the provider's secrets, against what it lists."""

    box: SecretBox
    sealed: Mapping[UUID, Sequence[bytes]]
    listed: Mapping[str, fusioo.Webhook] = field(repr=False)

    def knows(self, row: Ours) -> bool:
        """Whether the listed secret of an active one is kept here; of any other there is none to miss."""
        webhook = self.listed.get(row.webhook_id or "")
        if webhook is None or row.status is not RegistrationStatus.ACTIVE:
            return True
        return any(self._is(sealed, webhook) for sealed in self.sealed.get(row.id, ()))

    def _is(self, sealed: bytes, webhook: fusioo.Webhook) -> bool:
        try:
            return compare_digest(self.box.open(sealed), webhook.secret.get_secret_value())
        except ConfigurationError:  # sealed with a key that is gone
            return False


def _builds(step: Step, chosen: Chooses) -> bool:
    served = served_by(step)
    return isinstance(step, BUILDING) and served is not None and chosen(served)


def _theirs(webhook: fusioo.Webhook) -> Theirs:
    kinds = {
        Kind.CREATE: webhook.on_create,
        Kind.UPDATE: webhook.on_update,
        Kind.DELETE: webhook.on_delete,
    }
    return Theirs(
        webhook.id, webhook.url, webhook.app_id, frozenset(kind for kind, called in kinds.items() if called)
    )
