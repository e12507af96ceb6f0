"""How far an app was compared with what its provider says changed last."""

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from service.db.base import Base, Key, Moment


class Reconcile(Base):
    """The comparing of one app: when next, how far, and what the last round found."""

    __tablename__ = "reconciles"

    account: Mapped[Key]
    app_id: Mapped[Key]
    next_at: Mapped[Moment]
    watermark: Mapped[str | None]
    """The newest `last_modified` that a finished round saw, as the provider writes it; NULL: none yet."""
    floor: Mapped[str | None]
    """The first watermark: what nobody edited since then is left to backfill."""
    began_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    """When the last round ended without an error."""
    calls: Mapped[int] = mapped_column(server_default="0")
    """What the last round cost."""
    noticed: Mapped[int] = mapped_column(server_default="0")
    """How many records the last round gave to settle: they differ from what we know."""
    api_count: Mapped[int | None]
    """How many records the provider said the app has, …"""
    known_count: Mapped[int | None]
    """… and how many live ones we knew then."""
    counted_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(server_default="0")
    """Rounds that failed one after the other."""
    error: Mapped[str | None]
    """Why the last one failed, without secrets."""

    __table_args__ = (Index(None, "next_at"),)
