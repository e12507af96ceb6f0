"""Webhooks that a person sets up at the provider: we make the URL, the provider or the person the secret."""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from service.changes.types import Kind
from service.errors import NotFoundError, RefusedError
from service.fusioo.models import App
from service.pipeline.checking.mapping import described
from service.registrations import manual, repository
from service.registrations.plan import delivery_url
from service.sealing import SecretBox

_KEY_BYTES = 32
_SECRET = re.compile(r"[\x21-\x7e]{1,1024}")
"""What fits into a header as it is."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A registration that waits for its secret."""

    id: UUID
    url: str = field(repr=False)  # it carries the key
    resumed: bool
    """It was begun before, and nobody gave its secret."""
    app: App


async def begin(
    engine: AsyncEngine,
    *,
    account: str,
    provider: str,
    app: App,
    kind: Kind | None,
    public_url: str,
    make_key: Callable[[int], str] = secrets.token_urlsafe,
) -> Begun:
    """Make a URL for deliveries of an app, and store the app; None as kind: of whatever happened.

    One that still waits for its secret is taken up again: calling twice leaves no second key behind.
    """
    async with engine.begin() as connection:
        await repository.store_app(
            connection, account=account, app_id=app.id, name=app.name, schema=described(app)
        )
        found = await manual.find_begun(connection, account, app.id, kind)
        key = found.key if found else make_key(_KEY_BYTES)
        url = delivery_url(public_url, provider, key)
        if found:
            await manual.note_shown_url(connection, found.id, url)
            return Begun(found.id, url, resumed=True, app=app)
        made = await manual.begin_manual(
            connection, account=account, provider=provider, app_id=app.id, kind=kind, key=key, url=url
        )
        return Begun(made.id, url, resumed=False, app=app)


async def activate(engine: AsyncEngine, box: SecretBox, begun: Begun, secret: str) -> None:
    """Keep the secret, sealed: from now on deliveries that show it are accepted.

    Raises RefusedError for what can't be a secret, or where somebody else gave one meanwhile.
    """
    if not _SECRET.fullmatch(secret):
        raise RefusedError(
            "that can't be the secret: it must be 1 to 1024 plain characters without blanks; copy it again"
            " from where it was made"
        )
    async with engine.begin() as connection:
        stored = await manual.activate_manual(connection, begun.id, sealed=box.seal(secret))
    if not stored:
        raise RefusedError(
            f"registration {begun.id} waits for no secret any more; `relay webhooks list` shows it"
        )
    structlog.get_logger().info("webhook.added", registration_id=str(begun.id))


async def find_removable(engine: AsyncEngine, reference: str) -> UUID:
    """Find the registration that a person means by its id, key or URL.

    Raises NotFoundError, and RefusedError for one that `webhooks apply` looks after.
    """
    async with engine.connect() as connection:
        found = await manual.find_registered(connection, reference)
    if not found:
        raise NotFoundError("no webhook has this id, key or URL; `relay webhooks list` shows those that are")
    if not found[0].manual:
        raise RefusedError(
            f"registration {found[0].id} was made by `relay webhooks apply`, which would make it again: take"
            " the app out of the rules, then `relay webhooks apply --prune`"
        )
    return found[0].id


async def remove(engine: AsyncEngine, registration_id: UUID) -> None:
    """Accept nothing more from a webhook that a person set up. At the provider nothing is done."""
    async with engine.begin() as connection:
        await manual.delete_manual(connection, registration_id)
    structlog.get_logger().info("webhook.removed", registration_id=str(registration_id))
