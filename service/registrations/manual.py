"""The queries on registrations whose webhooks a person sets up, in a workflow: no plan touches them."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from service.changes.types import Kind
from service.lifecycle import RegistrationStatus
from service.registrations.models import Registration, RegistrationSecret


@dataclass(frozen=True, slots=True)
class ManualRegistration:
    """A key that was made for a person."""

    id: UUID
    key: str
    manual: bool = True


async def find_begun(
    connection: AsyncConnection, account: str, app_id: str, kind: Kind | None
) -> ManualRegistration | None:
    """The one for this app and kind that still waits for its secret; the oldest, if there are several."""
    query = (
        select(Registration.id, Registration.key)
        .where(
            Registration.account == account,
            Registration.app_id == app_id,
            Registration.kind.is_not_distinct_from(kind),
            Registration.manual,
            Registration.status == RegistrationStatus.CREATING,
        )
        .order_by(Registration.id)
        .limit(1)
    )
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else ManualRegistration(row.id, row.key)


async def begin_manual(
    connection: AsyncConnection,
    *,
    account: str,
    provider: str,
    app_id: str,
    kind: Kind | None,
    key: str,
    url: str,
) -> ManualRegistration:
    """Store a key, before its URL is shown to anybody."""
    registration = ManualRegistration(uuid7(), key)
    await connection.execute(
        insert(Registration).values(
            id=registration.id,
            account=account,
            provider=provider,
            app_id=app_id,
            kind=kind,
            key=key,
            url=url,
            manual=True,
            status=RegistrationStatus.CREATING,
        )
    )
    return registration


async def note_shown_url(connection: AsyncConnection, registration_id: UUID, url: str) -> None:
    """Store the URL that a person was shown."""
    await connection.execute(update(Registration).where(Registration.id == registration_id).values(url=url))


async def activate_manual(connection: AsyncConnection, registration_id: UUID, *, sealed: bytes) -> bool:
    """Store its secret: from now on its deliveries are accepted. False if it does not wait for one."""
    taken = await connection.execute(
        update(Registration)
        .where(
            Registration.id == registration_id,
            Registration.manual,
            Registration.status == RegistrationStatus.CREATING,
        )
        .values(status=RegistrationStatus.ACTIVE, changed_at=func.now())
    )
    if taken.rowcount == 0:
        return False
    await connection.execute(
        insert(RegistrationSecret).values(registration_id=registration_id, sealed=sealed)
    )
    return True


async def find_registered(connection: AsyncConnection, reference: str) -> Sequence[ManualRegistration]:
    """Those that are not deleted with this id, key or URL, manual or not; at most one."""
    conditions: list[ColumnElement[bool]] = [Registration.key == reference, Registration.url == reference]
    with suppress(ValueError):  # it is no id
        conditions.append(Registration.id == UUID(reference))
    query = select(Registration.id, Registration.key, Registration.manual).where(
        or_(*conditions), Registration.status != RegistrationStatus.DELETED
    )
    return [ManualRegistration(*row) for row in await connection.execute(query)]


async def delete_manual(connection: AsyncConnection, registration_id: UUID) -> None:
    """Note that it is no more: its key and its secret open nothing."""
    await connection.execute(
        update(Registration)
        .where(Registration.id == registration_id, Registration.manual)
        .values(status=RegistrationStatus.DELETED, changed_at=func.now())
    )
    await connection.execute(
        update(RegistrationSecret)
        .where(RegistrationSecret.registration_id == registration_id, RegistrationSecret.retired_at.is_(None))
        .values(retired_at=func.now())
    )
