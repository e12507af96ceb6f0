"""Registrations as people see them: without keys' secrets, with the app's name."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from service.registrations.models import Registration, WatchedApp


@dataclass(frozen=True, slots=True)
class RegistrationView:
    """One registration."""

    id: UUID
    account: str
    provider: str
    app_id: str
    app_name: str | None
    """The app's name at the last apply."""
    kind: str | None
    status: str
    url: str
    webhook_id: str | None
    created_at: datetime
    changed_at: datetime
    manual: bool = False
    """A person set its webhook up (`relay webhooks add`): no plan touches it."""
    retire_at: datetime | None = None
    """Retiring: from then on its webhook is deleted. None: the one that takes its place is not active yet."""
    heard_at: datetime | None = None
    """When its last delivery came, as far as was looked: at every tick of the job `drift`."""
    silent_since: datetime | None = None
    """When the first change was stored that it should have told of, and did not; a delivery clears it."""


@dataclass(frozen=True, slots=True)
class WatchedAppView:
    """An app as it was at the last apply; one that was never applied has its id for a name."""

    name: str
    title_field: str | None
    """The first field of its schema: what the provider's own screens show a record under."""


async def show_app(connection: AsyncConnection, account: str, app_id: str) -> WatchedAppView:
    """One app, also if nothing is known of it."""
    query = select(WatchedApp.name, WatchedApp.schema["fields"][0]["id"].astext.label("title_field")).where(
        WatchedApp.account == account, WatchedApp.app_id == app_id
    )
    row = (await connection.execute(query)).one_or_none()
    return WatchedAppView(app_id, None) if row is None else WatchedAppView(row.name, row.title_field)


async def list_registrations(
    connection: AsyncConnection,
    *,
    account: str | None = None,
    app_ids: list[str] | None = None,
    status: str | None = None,
    after: tuple[str, str, str, UUID] | None = None,
    limit: int = 1000,
) -> list[RegistrationView]:
    """The registrations, by account, app and kind; the newest first among equals.

    `after`: those behind the one with this account, app, kind ("" for none) and id.
    """
    kinds = func.coalesce(Registration.kind, "")
    query = (
        select(
            Registration.id,
            Registration.account,
            Registration.provider,
            Registration.app_id,
            WatchedApp.name.label("app_name"),
            Registration.kind,
            Registration.status,
            Registration.url,
            Registration.webhook_id,
            Registration.created_at,
            Registration.changed_at,
            Registration.manual,
            Registration.retire_at,
            Registration.heard_at,
            Registration.silent_since,
        )
        .outerjoin(
            WatchedApp,
            and_(WatchedApp.account == Registration.account, WatchedApp.app_id == Registration.app_id),
        )
        .order_by(Registration.account, Registration.app_id, kinds, Registration.id.desc())
        .limit(limit)
    )
    if account is not None:
        query = query.where(Registration.account == account)
    if app_ids is not None:
        query = query.where(Registration.app_id.in_(app_ids))
    if status is not None:
        query = query.where(Registration.status == status)
    if after is not None:
        place, (*equals, last) = tuple_(Registration.account, Registration.app_id, kinds), after
        query = query.where(
            or_(place > tuple_(*equals), and_(place == tuple_(*equals), Registration.id < last))
        )
    return [RegistrationView(**row) for row in (await connection.execute(query)).mappings()]
