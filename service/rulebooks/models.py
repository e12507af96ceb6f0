"""The rules that changes were judged by, by the digest of their file."""

from typing import Any

from sqlalchemy import JSON
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from service.db.base import Base, Key, Moment


class RulebookRow(Base):
    """The rules of one `relay.yaml`, as they were written: without handlers, and so without secrets."""

    __tablename__ = "rulebooks"

    digest: Mapped[Key]
    """Of the whole file (`Configuration.digest`)."""
    rules: Mapped[list[Any]] = mapped_column(JSON)
    """Not JSONB, which forgets the order of keys: which clause decided, hangs on it."""
    timezones: Mapped[dict[str, str]] = mapped_column(JSONB)
    """The time zone of each account, by name."""
    loaded_at: Mapped[Moment]
    """When a process that judges by them started last."""
