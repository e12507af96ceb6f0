"""Make the provider's webhooks what the rules need: one per account, app and kind.

Each step is stored before and after the provider hears of it, never in a transaction that waits for it. So an
apply that is cut short anywhere leaves nothing behind that the next one does not recognise and finish.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from service.changes.types import App, Kind
from service.db.locks import Lock
from service.db.session_locks import hold_lock
from service.errors import RefusedError
from service.fusioo import models as fusioo
from service.fusioo.client import FusiooClient
from service.fusioo.errors import WebhookNotFoundError
from service.pipeline.checking.mapping import described
from service.registrations import repository
from service.registrations.listings import store_listing
from service.registrations.plan import (
    Adopt,
    Create,
    Finish,
    Keep,
    Ours,
    Patch,
    Recreate,
    Remove,
    Retire,
    Step,
    Theirs,
    Wanted,
    delivery_url,
    make_plan,
)
from service.registrations.resolving import AppReference, resolve_apps
from service.sealing import SecretBox

_KEY_BYTES = 32
_WAIT = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Applied:
    """What an apply found and did."""

    apps: Mapping[str, App]
    """By how the rules name them."""
    steps: Sequence[Step]
    """Every step was taken, but `Retire`, which is only reported."""

    def count(self, *kinds: type[Step]) -> int:
        """How many steps there were of these kinds."""
        return sum(isinstance(step, kinds) for step in self.steps)


async def apply_account(
    engine: AsyncEngine,
    client: FusiooClient,
    box: SecretBox,
    *,
    account: str,
    references: Sequence[AppReference],
    public_url: str,
    provider: str = "fusioo",
    wait: timedelta = _WAIT,
    make_key: Callable[[int], str] = secrets.token_urlsafe,
) -> Applied:
    """Register all three kinds for every app that `references` name, and store the apps.

    One apply per account at a time: another one is waited for, for `wait`. May be repeated at any time: what
    is right stays untouched. The client's meter counts the calls: two, and one for each step.
    Raises ConfigurationError for apps that can't be told, RefusedError when another apply goes on for longer,
    and what the client raises; what was done until then stays and is taken up by the next apply.
    """
    async with hold_lock(engine, Lock.APPLY, account, wait=wait):
        apps = await _watch_apps(engine, client, account, references)
        listed = {webhook.id: webhook for webhook in await client.webhooks.list()}
        async with engine.connect() as connection:
            ours = await repository.load_ours(connection, account)
        steps = make_plan(
            (Wanted(app.id, kind) for app in apps.values() for kind in Kind),
            ours,
            [_theirs(webhook) for webhook in listed.values()],
            public_url=public_url,
            provider=provider,
        )
        apply = _Apply(engine, client, box, account, provider, public_url, listed, make_key)
        for step in steps:
            await apply.take(step)
    applied = Applied(apps, steps)
    structlog.get_logger().info(
        "webhooks.applied",
        account=account,
        apps=len({app.id for app in apps.values()}),
        created=applied.count(Create, Finish, Recreate),
        adopted=applied.count(Adopt),
        patched=applied.count(Patch),
        removed=applied.count(Remove),
        kept=applied.count(Keep),
        unwanted=applied.count(Retire),
    )
    return applied


async def _watch_apps(
    engine: AsyncEngine, client: FusiooClient, account: str, references: Sequence[AppReference]
) -> Mapping[str, App]:
    """Resolve the references and store their apps, before any webhook tells of a record."""
    if not references:
        return {}
    schemas = {app.id: app for app in await client.apps.list()}
    apps = resolve_apps(references, [App(app.id, app.name) for app in schemas.values()])
    async with engine.begin() as connection:
        for app_id in sorted({app.id for app in apps.values()}):
            await repository.store_app(
                connection,
                account=account,
                app_id=app_id,
                name=schemas[app_id].name,
                schema=described(schemas[app_id]),
            )
        await store_listing(connection, account, [described(app) for app in schemas.values()])
    return apps


@dataclass(frozen=True, slots=True)
class _Apply:
    """Takes the steps of one plan."""

    engine: AsyncEngine
    client: FusiooClient
    box: SecretBox
    account: str
    provider: str
    public_url: str
    listed: Mapping[str, fusioo.Webhook]
    """The provider's list by id: it tells the secrets."""
    make_key: Callable[[int], str]

    async def take(self, step: Step) -> None:
        match step:
            case Create(wanted):
                await self._create(await self._begin(wanted))
            case Finish(ours):
                await self._create(ours)
            case Recreate(ours):
                await self._create(await self._begin(Wanted(ours.app_id, ours.kind), instead_of=ours))
            case Adopt(ours, theirs):
                await self._activate(ours, self.listed[theirs.id])
            case Patch(ours, theirs, url):
                await self._patch(ours, theirs, url)
            case Remove(theirs):
                await self._remove(theirs)
            case Keep() | Retire():
                pass

    async def _begin(self, wanted: Wanted, *, instead_of: Ours | None = None) -> Ours:
        key = self.make_key(_KEY_BYTES)
        async with self.engine.begin() as connection:
            if instead_of is not None:
                await repository.mark_deleted(connection, instead_of)
            return await repository.begin(
                connection,
                account=self.account,
                provider=self.provider,
                wanted=wanted,
                key=key,
                url=delivery_url(self.public_url, self.provider, key),
            )

    async def _create(self, ours: Ours) -> None:
        url = delivery_url(self.public_url, self.provider, ours.key)
        if url != ours.url:  # begun under another public URL
            await self._note_url(ours, url)
        webhook = await self.client.webhooks.create(url=url, app_id=ours.app_id, **_flags(ours.kind))
        await self._activate(ours, webhook)

    async def _activate(self, ours: Ours, webhook: fusioo.Webhook) -> None:
        sealed = self.box.seal(webhook.secret.get_secret_value())
        async with self.engine.begin() as connection:
            stored = await repository.activate(connection, ours, webhook_id=webhook.id, sealed=sealed)
        if not stored:
            raise RefusedError(
                f"the registration of app {ours.app_id} ({ours.kind}) was changed by another apply meanwhile;"
                " apply again"
            )

    async def _patch(self, ours: Ours, theirs: Theirs, url: str) -> None:
        await self.client.webhooks.update(theirs.id, url=url, app_id=ours.app_id, **_flags(ours.kind))
        await self._note_url(ours, url)

    async def _note_url(self, ours: Ours, url: str) -> None:
        async with self.engine.begin() as connection:
            await repository.note_url(connection, ours, url)

    async def _remove(self, theirs: Theirs) -> None:
        try:
            await self.client.webhooks.delete(theirs.id)
        except WebhookNotFoundError:
            structlog.get_logger().info("webhook.found_gone", account=self.account, webhook_id=theirs.id)


def _flags(kind: Kind) -> dict[str, bool]:
    return {f"on_{each}": each is kind for each in Kind}


def _theirs(webhook: fusioo.Webhook) -> Theirs:
    kinds = {
        Kind.CREATE: webhook.on_create,
        Kind.UPDATE: webhook.on_update,
        Kind.DELETE: webhook.on_delete,
    }
    return Theirs(
        webhook.id, webhook.url, webhook.app_id, frozenset(kind for kind, called in kinds.items() if called)
    )
