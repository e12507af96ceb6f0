"""The queries of `webhooks apply`: registrations, their secrets, and the apps they watch.

What the receiver reads of the same tables stands apart: the web process needs nothing of this.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import exists, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from service.changes.types import Kind
from service.lifecycle import RegistrationStatus
from service.registrations.models import Registration, RegistrationSecret, WatchedApp
from service.registrations.steps import LIVE, Ours, Wanted


async def load_ours(connection: AsyncConnection, account: str) -> list[Ours]:
    """Every registration that `webhooks apply` ever made for the account, the oldest first.

    Those that a person set up are not among them: no plan touches them.
    """
    rows = await connection.execute(
        select(Registration.__table__, (Registration.retire_at <= func.now()).label("overlap_over"))
        .where(Registration.account == account, ~Registration.manual)
        .order_by(Registration.id)
    )
    return [
        Ours(
            id=row.id,
            app_id=row.app_id,
            kind=Kind(row.kind),
            key=row.key,
            url=row.url,
            webhook_id=row.webhook_id,
            status=RegistrationStatus(row.status),
            retire_at=row.retire_at,
            overlap_over=bool(row.overlap_over),
        )
        for row in rows
    ]


async def load_sealed(connection: AsyncConnection, account: str) -> dict[UUID, list[bytes]]:
    """The secrets that count for each active registration, sealed, by its id."""
    rows = await connection.execute(
        select(Registration.id, RegistrationSecret.sealed)
        .join(RegistrationSecret, RegistrationSecret.registration_id == Registration.id)
        .where(
            Registration.account == account,
            Registration.status == RegistrationStatus.ACTIVE,
            RegistrationSecret.retired_at.is_(None),
        )
    )
    found: dict[UUID, list[bytes]] = {}
    for row in rows:
        found.setdefault(row.id, []).append(row.sealed)
    return found


async def load_other_keys(connection: AsyncConnection, account: str) -> set[str]:
    """The keys that are ours and no plan of this account's: made for a person, or of other accounts."""
    query = select(Registration.key).where((Registration.account != account) | Registration.manual)
    return set((await connection.execute(query)).scalars())


async def begin(
    connection: AsyncConnection, *, account: str, provider: str, wanted: Wanted, key: str, url: str
) -> Ours:
    """Store a key before the provider hears of it.

    Raises sqlalchemy's IntegrityError if the app and kind have a live registration already.
    """
    registration = Ours(uuid7(), wanted.app_id, wanted.kind, key, url, None, RegistrationStatus.CREATING)
    await connection.execute(
        insert(Registration).values(
            id=registration.id,
            account=account,
            provider=provider,
            app_id=wanted.app_id,
            kind=wanted.kind,
            key=key,
            url=url,
            status=RegistrationStatus.CREATING,
        )
    )
    return registration


async def activate(
    connection: AsyncConnection, ours: Ours, *, webhook_id: str, sealed: bytes, overlap: timedelta
) -> bool:
    """Store the provider's answer; secrets of another webhook before it count no longer.

    Those of the same one stay: a process with another RELAY_SECRET_KEY may have sealed and still need them.
    What it takes the place of goes after `overlap`. False, and nothing is stored, if the registration is no
    longer as it was read.
    """
    taken = await connection.execute(
        update(Registration)
        .where(
            Registration.id == ours.id,
            Registration.status.in_(LIVE),
            Registration.webhook_id.is_not_distinct_from(ours.webhook_id),
        )
        .values(webhook_id=webhook_id, status=RegistrationStatus.ACTIVE, changed_at=func.now())
        .returning(Registration.account)
    )
    account = taken.scalar_one_or_none()
    if account is None:
        return False
    if ours.webhook_id != webhook_id:
        await _retire_secrets(connection, ours)
    await connection.execute(
        insert(RegistrationSecret).values(registration_id=ours.id, sealed=sealed),
    )
    await connection.execute(
        update(Registration)
        .where(
            Registration.account == account,
            Registration.app_id == ours.app_id,
            Registration.kind == ours.kind,
            Registration.status == RegistrationStatus.RETIRING,
            Registration.retire_at.is_(None),
            ~Registration.manual,
        )
        .values(retire_at=func.now() + overlap, changed_at=func.now())
    )
    return True


async def retire(connection: AsyncConnection, ours: Ours) -> bool:
    """Note that another one is to take its place; until that one is active, nobody says when it goes.

    Its key and secrets go on to count. False, and nothing is stored, if it is no longer active.
    """
    retired = await connection.execute(
        update(Registration)
        .where(Registration.id == ours.id, Registration.status == RegistrationStatus.ACTIVE)
        .values(status=RegistrationStatus.RETIRING, retire_at=None, changed_at=func.now())
    )
    return retired.rowcount == 1


async def note_url(connection: AsyncConnection, ours: Ours, url: str) -> None:
    """Store what the provider now calls."""
    await connection.execute(
        update(Registration).where(Registration.id == ours.id).values(url=url, changed_at=func.now())
    )


async def mark_deleted(connection: AsyncConnection, ours: Ours) -> None:
    """Note that the provider has no such webhook any more: its key and secrets open nothing."""
    await connection.execute(
        update(Registration)
        .where(Registration.id == ours.id)
        .values(status=RegistrationStatus.DELETED, changed_at=func.now())
    )
    await _retire_secrets(connection, ours)


async def _retire_secrets(connection: AsyncConnection, ours: Ours) -> None:
    await connection.execute(
        update(RegistrationSecret)
        .where(RegistrationSecret.registration_id == ours.id, RegistrationSecret.retired_at.is_(None))
        .values(retired_at=func.now())
    )


async def store_app(
    connection: AsyncConnection, *, account: str, app_id: str, name: str, schema: Mapping[str, Any]
) -> None:
    """Store an app as it is now. When it is known already, it stays watched since when it was."""
    seen = upsert(WatchedApp).values(account=account, app_id=app_id, name=name, schema=dict(schema))
    await connection.execute(
        seen.on_conflict_do_update(
            index_elements=[WatchedApp.account, WatchedApp.app_id],
            set_={"name": seen.excluded.name, "schema": seen.excluded.schema, "refreshed_at": func.now()},
        )
    )


async def app_names(connection: AsyncConnection, account: str) -> dict[str, str]:
    """What the account's apps were called at the last apply, by id."""
    query = select(WatchedApp.app_id, WatchedApp.name).where(WatchedApp.account == account)
    return {row.app_id: row.name for row in await connection.execute(query)}


async def app_ids(connection: AsyncConnection, reference: str) -> Sequence[str]:
    """The ids of the known apps that a person may mean: by id, or by exact name, in any account."""
    known = select(WatchedApp.app_id).where((WatchedApp.app_id == reference) | (WatchedApp.name == reference))
    registered = select(Registration.app_id).where(
        Registration.app_id == reference,
        ~exists().where(WatchedApp.account == Registration.account, WatchedApp.app_id == Registration.app_id),
    )
    return (await connection.execute(known.union(registered))).scalars().all()
