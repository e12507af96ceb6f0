"""What rules with `expand` wait for, and the linked records that were fetched for them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from service.db.base import QUEUE_STORAGE, Base, Key, Moment


class Expansion(Base):
    """The linked records of one change, for one rule: its runs wait until they are there, or given up.

    Then they go, or are skipped: the rule may ask something of the linked records that does not hold.
    """

    __tablename__ = "expansions"

    change_id: Mapped[UUID] = mapped_column(ForeignKey("changes.id", ondelete="CASCADE"), primary_key=True)
    rule: Mapped[Key]
    account: Mapped[str]
    paths: Mapped[list[str]] = mapped_column(ARRAY(Text))
    """Which links: `client`, `client.owner`. Each one's beginning stands before it."""
    conditions: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """What the rule asks of the linked records, as it was when it matched. NULL: nothing; its runs go.

    Not jsonb, which forgets the order of keys: that of the conditions says which of them decided.
    """
    looks: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    """How often some were asked for, and absent."""
    failures: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    """How often asking failed."""
    next_at: Mapped[Moment]
    token: Mapped[UUID | None]
    """Fresh for each claim; whoever finds another one here has lost it."""
    holder: Mapped[UUID | None]
    """The process that claimed it (`processes.id`)."""
    linked: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """By path, the linked records. NULL until it is finished."""
    gaps: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """By path, the ids of those that were not to be had."""
    reason: Mapped[str | None]
    """Why it waits longer, or why there are gaps."""
    created_at: Mapped[Moment]
    finished_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_expansions_due", "account", "next_at", postgresql_where=text("finished_at IS NULL")),
        Index("ix_expansions_held", "account", postgresql_where=text("token IS NOT NULL")),
        {"postgresql_with": QUEUE_STORAGE},
    )


class LinkedRecord(Base):
    """A record as it was fetched because another links to it.

    It is no snapshot: what differs from an earlier one makes no change. Kept for the next who link to it.
    """

    __tablename__ = "linked_records"

    account: Mapped[Key]
    app_id: Mapped[Key]
    record_id: Mapped[Key]
    fields: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """NULL: it was asked for again and again, and was not there."""
    seen_at: Mapped[datetime]
    """When the call that showed it began."""

    __table_args__ = (Index(None, "seen_at"),)
