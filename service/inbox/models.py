"""Deliveries: what providers sent us, stored before anything else happens to it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from service.changes.types import Origin
from service.db.base import QUEUE_STORAGE, Base, Moment, Serial, one_of, status_in
from service.lifecycle import DELIVERY_UNFINISHED, DeliveryOutcome, DeliveryStatus


class Delivery(Base):
    """One record id in one request that a provider made to us, or that we noticed ourselves (`origin`).

    The request's raw body stands on its first delivery (`position` 0) only; the others find it by
    `request_id`.
    The hot path inserts here with no other constraint to check than the primary key.
    """

    __tablename__ = "deliveries"

    id: Mapped[Serial]
    registration_id: Mapped[UUID | None]
    """NULL: nobody delivered it."""
    origin: Mapped[str] = mapped_column(server_default=Origin.WEBHOOK)
    """`reconcile` or `backfill`: we noticed it, and no webhook told of it until then."""
    account: Mapped[str]
    app_id: Mapped[str]
    kind: Mapped[str | None]
    """What the registration's URL hints at (`create`, `update`, `delete`); NULL: it does not say."""
    record_id: Mapped[str]
    request_id: Mapped[UUID]
    position: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    body: Mapped[bytes | None]
    received_at: Mapped[Moment]
    status: Mapped[str] = mapped_column(server_default=DeliveryStatus.PENDING)
    due_at: Mapped[Moment]
    """Not looked at before this."""
    looks: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    """How many times we asked the provider for it without being sure of the answer."""
    outcome: Mapped[str | None]
    reason: Mapped[str | None]
    """Why it is dead, hidden or asked again."""
    change_id: Mapped[UUID | None]
    call_id: Mapped[int | None] = mapped_column(BigInteger)
    """The API call whose answer settled it (`calls.id`)."""
    settled_at: Mapped[datetime | None]

    __table_args__ = (
        one_of("status", DeliveryStatus),
        one_of("outcome", DeliveryOutcome),
        one_of("origin", Origin),
        Index(
            "ix_deliveries_unfinished",
            "account",
            "app_id",
            "due_at",
            "id",
            postgresql_where=text(status_in(DELIVERY_UNFINISHED)),
        ),
        Index("ix_deliveries_dead", "id", postgresql_where=text("status = 'dead'")),
        Index("ix_deliveries_request_id", "request_id", postgresql_where=text("position > 0")),
        Index("ix_deliveries_change_id", "change_id", postgresql_where=text("change_id IS NOT NULL")),
        {"postgresql_with": QUEUE_STORAGE},
    )
