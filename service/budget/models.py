"""The ledger of API calls, and what the provider taught us about its limit."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index
from sqlalchemy.orm import Mapped, mapped_column

from service.db.base import Base, Key, Moment, Serial


class Call(Base):
    """One call to a provider's API, counted from before it starts."""

    __tablename__ = "calls"

    id: Mapped[Serial]
    account: Mapped[str]
    lane: Mapped[str]
    endpoint: Mapped[str]
    """Which kind of call: `POST /records/apps/{app}/filter`."""
    started_at: Mapped[Moment]
    finished_at: Mapped[datetime | None]
    counts_until: Mapped[datetime]
    """Until when it counts: start + timeout + window, corrected to finish + window + 2 s."""
    status: Mapped[int | None]
    """The HTTP status; NULL: no answer (yet)."""
    holder: Mapped[UUID | None]

    __table_args__ = (Index(None, "account", "counts_until"),)


class Block(Base):
    """An account that the provider answered 429: no calls for a while, then one probe, then fewer calls.

    Somebody else uses up a part of the company's calls. How large a part, the refusal tells.
    """

    __tablename__ = "blocks"

    account: Mapped[Key]
    blocked_until: Mapped[Moment]
    seconds: Mapped[int]
    """How long this block is; the next one in a row is twice as long, up to 10 minutes."""
    probe_call_id: Mapped[int | None] = mapped_column(BigInteger)
    """The one call let through after the block; NULL: none is under way."""
    probe_until: Mapped[datetime | None]
    """When that call has timed out at the latest."""
    ceiling: Mapped[int | None]
    """So many calls of ours had the provider accepted in its window when it refused one, …"""
    ceiling_until: Mapped[datetime | None]
    """… and more than that are not made before this; then they are tried one at a time."""
