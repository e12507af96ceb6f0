"""Deliveries as people see them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.errors import NotFoundError
from service.inbox.models import Delivery


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryView:
    """One delivery."""

    id: int
    account: str
    app_id: str
    record_id: str
    kind: str | None
    origin: str
    """`webhook`; `reconcile` or `backfill` where we noticed it ourselves."""
    status: str
    outcome: str | None
    reason: str | None
    looks: int
    received_at: datetime
    due_at: datetime
    settled_at: datetime | None
    change_id: UUID | None
    call_id: int | None
    request_id: UUID
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryDetail(DeliveryView):
    """One delivery with the request that brought it."""

    body: str | None
    """The request's raw body; bytes that are no UTF-8 are shown replaced."""


_COLUMNS = [getattr(Delivery, name) for name in DeliveryView.__dataclass_fields__]


async def list_deliveries(
    connection: AsyncConnection,
    *,
    account: str | None = None,
    app_ids: list[str] | None = None,
    record_id: str | None = None,
    status: str | None = None,
    change_id: UUID | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[DeliveryView]:
    """The newest deliveries first; `change_id`: those that led to one change; `before`: older than this."""
    query = select(*_COLUMNS).order_by(Delivery.id.desc()).limit(limit)
    if account is not None:
        query = query.where(Delivery.account == account)
    if app_ids is not None:
        query = query.where(Delivery.app_id.in_(app_ids))
    if record_id is not None:
        query = query.where(Delivery.record_id == record_id)
    if status is not None:
        query = query.where(Delivery.status == status)
    if change_id is not None:
        query = query.where(Delivery.change_id == change_id)
    if before is not None:
        query = query.where(Delivery.id < before)
    return [DeliveryView(**row) for row in (await connection.execute(query)).mappings()]


async def show_delivery(connection: AsyncConnection, delivery_id: int) -> DeliveryDetail:
    """One delivery. Raises NotFoundError."""
    found = (
        (await connection.execute(select(*_COLUMNS).where(Delivery.id == delivery_id)))
        .mappings()
        .one_or_none()
    )
    if found is None:
        raise NotFoundError(f"there is no delivery {delivery_id}; `relay deliveries list` shows the newest")
    # The body stands on the request's first delivery only.
    body = (
        await connection.execute(
            select(Delivery.body)
            .where(
                Delivery.request_id == found["request_id"],
                Delivery.body.is_not(None),
                Delivery.id <= delivery_id,
                Delivery.id >= delivery_id - found["position"] - _REACH,
            )
            .order_by(Delivery.id.desc())
            .limit(1)
        )
    ).scalar()
    return DeliveryDetail(**found, body=None if body is None else body.decode("utf-8", "replace"))


_REACH = 100_000
"""Ids of one request stand close together: a bound for the search by primary key."""
