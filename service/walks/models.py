"""Walks through all records of an app: backfills and full sweeps, kept so that they go on where they were."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from service.db.base import Base, Moment, Serial, one_of
from service.lifecycle import WalkPurpose


class WalkRow(Base):
    """One walk, under way or ended."""

    __tablename__ = "walks"

    id: Mapped[Serial]
    account: Mapped[str]
    app_id: Mapped[str]
    purpose: Mapped[str]
    run_rules: Mapped[bool] = mapped_column(server_default="false")
    """Whether rules are run for records that were never seen before."""
    since: Mapped[datetime | None]
    """Only records modified since then, by the provider's own stamps; NULL: all."""
    sight: Mapped[int] = mapped_column(BigInteger)
    """The sight taken before its first call."""
    began_at: Mapped[Moment]
    calls: Mapped[int] = mapped_column(server_default="0")
    expected: Mapped[int | None]
    """How many records the app has, as the provider counted last."""
    seen: Mapped[int] = mapped_column(server_default="0")
    """How many different records it saw."""
    taken_in: Mapped[int] = mapped_column(server_default="0")
    """How many of them were never seen before."""
    noticed: Mapped[int] = mapped_column(server_default="0")
    """How many it gave to settle: they differ from what we knew, or were not there."""
    absent: Mapped[int] = mapped_column(server_default="0")
    """How many of those were not there."""
    missing: Mapped[int] = mapped_column(server_default="0")
    """How many, at least, it could not see although the provider counts them."""
    unstored: Mapped[int] = mapped_column(server_default="0")
    """How many it saw and could not keep, for what they hold."""
    steady: Mapped[bool] = mapped_column(server_default="false")
    """At its end: no record that was there all along can have been overlooked."""
    course: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """How far the list was read, for whoever goes on; NULL: not begun, or ended."""
    token: Mapped[UUID | None]
    """Fresh for whoever reads on; who finds another one here has lost the walk."""
    failures: Mapped[int] = mapped_column(server_default="0")
    """Times one after the other that it could not go on; the pause before the next try grows with them."""
    error: Mapped[str | None]
    """Why, without secrets."""
    next_at: Mapped[Moment]
    """When it may go on."""
    ended_at: Mapped[datetime | None]

    __table_args__ = (
        one_of("purpose", WalkPurpose),
        Index(
            "uq_walks_under_way",
            "account",
            "app_id",
            "purpose",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
    )


class WalkedRecord(Base):
    """A record that a walk under way has seen; gone when it has ended."""

    __tablename__ = "walked"

    walk_id: Mapped[int] = mapped_column(ForeignKey("walks.id", ondelete="CASCADE"), primary_key=True)
    record_id: Mapped[str] = mapped_column(primary_key=True)
    place: Mapped[int | None]
    """Its rank in the order of the list; NULL: not known, as what is before it was not all read yet."""
