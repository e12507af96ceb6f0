"""Walks through all records of an app: backfills and full sweeps, kept so that they go on where they were."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, text
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
    """Only records modified since then; NULL: all."""
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
    missing: Mapped[int] = mapped_column(server_default="0")
    """How many, at least, it could not see although the provider counts them."""
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
        Index(None, "account", "app_id", "ended_at"),
    )


class WalkedRecord(Base):
    """A record that a walk under way has seen; gone when it has ended."""

    __tablename__ = "walked"

    walk_id: Mapped[int] = mapped_column(ForeignKey("walks.id", ondelete="CASCADE"), primary_key=True)
    record_id: Mapped[str] = mapped_column(primary_key=True)
    place: Mapped[int]
    """Its rank in the order of the list."""
