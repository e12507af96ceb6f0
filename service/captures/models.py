"""Captures: a URL for a while, and whatever was sent to it, to learn how a provider really delivers."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from service.db.base import Base, Key, Moment, Serial


class Capture(Base):
    """A URL that takes any request until it expires or has had enough."""

    __tablename__ = "captures"

    key: Mapped[Key]
    created_at: Mapped[Moment]
    expires_at: Mapped[datetime]
    left: Mapped[int]
    """How many requests it still takes."""


class CapturedRequest(Base):
    """One request to it. What may be secret is never stored."""

    __tablename__ = "captured_requests"

    id: Mapped[Serial]
    key: Mapped[str] = mapped_column(ForeignKey("captures.key", ondelete="CASCADE"), index=True)
    received_at: Mapped[Moment]
    method: Mapped[str]
    query: Mapped[str]
    headers: Mapped[list[Any]] = mapped_column(JSONB)
    """`[{name, value, shape}, …]` in their order; the value is null where it may be secret."""
    body: Mapped[bytes]
    """What may be secret in it is blotted out; clipped."""
    length: Mapped[int]
    """How long the body was."""
    reading: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """What a webhook of ours would have made of the whole body (`service.captures.reading.Reading`)."""
