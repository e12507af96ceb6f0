"""Takes the steps of one plan, each stored before and after the provider hears of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from service.changes.types import Kind
from service.errors import RefusedError
from service.fusioo import models as fusioo
from service.fusioo.client import FusiooClient
from service.fusioo.errors import WebhookNotFoundError
from service.pipeline.registering.planning import Aim
from service.registrations import repository
from service.registrations.plan import delivery_url
from service.registrations.steps import (
    Adopt,
    Create,
    Expire,
    Finish,
    Keep,
    Ours,
    Overlap,
    Patch,
    Prune,
    Recreate,
    Remove,
    Retire,
    Rotate,
    Step,
    Theirs,
    Wanted,
)
from service.sealing import SecretBox

_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Taker:
    """Makes what a plan says true. Never in a transaction that waits for the provider."""

    engine: AsyncEngine
    client: FusiooClient
    box: SecretBox
    aim: Aim
    make_key: Callable[[int], str]
    """Makes a key of so many random bytes."""
    listed: Mapping[str, fusioo.Webhook] = field(repr=False)
    """The provider's list by id: it tells the secrets."""

    async def take(self, step: Step) -> None:
        """Take one step; taken again after it was cut short anywhere, it ends the same.

        Raises what the client raises, and RefusedError where somebody else changed the registration.
        """
        match step:
            case Create(wanted):
                await self._create(await self._begin(wanted))
            case Finish(ours):
                await self._create(ours)
            case Recreate(ours) | Rotate(ours):
                await self._create(await self._begin(ours.place, instead_of=ours))
            case Adopt(ours, theirs):
                await self._activate(ours, self.listed[theirs.id])
            case Patch(ours, theirs, url):
                await self._patch(ours, theirs, url)
            case Expire(ours, theirs) | Prune(ours, theirs):
                await self._delete(ours, theirs)
            case Remove(theirs):
                await self._remove(theirs)
            case Keep() | Overlap() | Retire():
                pass

    async def _begin(self, wanted: Wanted, *, instead_of: Ours | None = None) -> Ours:
        key = self.make_key(_KEY_BYTES)
        async with self.engine.begin() as connection:
            if instead_of is not None and not await repository.retire(connection, instead_of):
                raise _changed_meanwhile(instead_of)
            return await repository.begin(
                connection,
                account=self.aim.account,
                provider=self.aim.provider,
                wanted=wanted,
                key=key,
                url=delivery_url(self.aim.public_url, self.aim.provider, key),
            )

    async def _create(self, ours: Ours) -> None:
        url = delivery_url(self.aim.public_url, self.aim.provider, ours.key)
        if url != ours.url:  # begun under another public URL
            await self._note_url(ours, url)
        webhook = await self.client.webhooks.create(url=url, app_id=ours.app_id, **_flags(ours.kind))
        await self._activate(ours, webhook)

    async def _activate(self, ours: Ours, webhook: fusioo.Webhook) -> None:
        sealed = self.box.seal(webhook.secret.get_secret_value())
        async with self.engine.begin() as connection:
            stored = await repository.activate(
                connection, ours, webhook_id=webhook.id, sealed=sealed, overlap=self.aim.overlap
            )
        if not stored:
            raise _changed_meanwhile(ours)

    async def _patch(self, ours: Ours, theirs: Theirs, url: str) -> None:
        await self.client.webhooks.update(theirs.id, url=url, app_id=ours.app_id, **_flags(ours.kind))
        await self._note_url(ours, url)

    async def _note_url(self, ours: Ours, url: str) -> None:
        async with self.engine.begin() as connection:
            await repository.note_url(connection, ours, url)

    async def _delete(self, ours: Ours, theirs: Theirs | None) -> None:
        if theirs is not None:
            await self._remove(theirs)
        async with self.engine.begin() as connection:
            await repository.mark_deleted(connection, ours)

    async def _remove(self, theirs: Theirs) -> None:
        try:
            await self.client.webhooks.delete(theirs.id)
        except WebhookNotFoundError:
            structlog.get_logger().info("webhook.found_gone", account=self.aim.account, webhook_id=theirs.id)


def _flags(kind: Kind) -> dict[str, bool]:
    return {f"on_{each}": each is kind for each in Kind}


def _changed_meanwhile(ours: Ours) -> RefusedError:
    return RefusedError(
        f"the registration of app {ours.app_id} ({ours.kind}) was changed by another apply meanwhile;"
        " apply again"
    )
