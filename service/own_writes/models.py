"""What handlers write to providers, noted before the call: so we know our edits when they come back."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from service.db.base import Base, Moment, Serial


class OwnWrite(Base):
    """One call of a handler that creates or updates a record."""

    __tablename__ = "own_writes"

    id: Mapped[Serial]
    account: Mapped[str]
    """Whose record is written; the change that led to it may be another account's."""
    app_id: Mapped[str | None]
    """NULL for updates where the provider asks for the record's id alone."""
    record_id: Mapped[str | None]
    """NULL for creates: the provider gives it."""
    rule: Mapped[str]
    """The rule whose run writes."""
    run_id: Mapped[UUID]
    hashes: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """Field id → hash of the value written."""
    written: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    """Field id → the value, as records show it; empty for creates, and once it was used."""
    noted_at: Mapped[Moment]
    used_at: Mapped[datetime | None]
    """When a change was found to come of it."""

    __table_args__ = (
        Index(
            "ix_own_writes_unused", "account", "record_id", "app_id", postgresql_where=text("used_at IS NULL")
        ),
        Index(None, "noted_at"),
    )
