"""Conditions that a person must know of, and who is told of them."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from service.db.base import Base, Moment, Serial, one_of, status_in
from service.lifecycle import NOTICE_UNFINISHED, NoticeStatus


class NoticeKind(StrEnum):
    """What a handler is told of an alarm."""

    RAISED = "raised"
    CLEARED = "cleared"


class Alarm(Base):
    """One onset of a condition. While it lasts, no second row for the same name and subject."""

    __tablename__ = "alarms"

    id: Mapped[Serial]
    name: Mapped[str]
    """Which condition: `app_halted`, `field_gone`, …"""
    subject: Mapped[str]
    """What it is about: `main/ia4f42`, `main`, a handler's name."""
    message: Mapped[str]
    """What happened and what to do, in one sentence, without secrets."""
    raised_at: Mapped[Moment]
    cleared_at: Mapped[datetime | None]
    untold: Mapped[bool] = mapped_column(server_default="true")
    """Raised, or cleared, since its notices were written."""

    __table_args__ = (
        Index(
            "uq_alarms_lasting", "name", "subject", unique=True, postgresql_where=text("cleared_at IS NULL")
        ),
        Index("ix_alarms_untold", "id", postgresql_where=text("untold")),
    )


class Notice(Base):
    """One handler that is to be told that one alarm was raised, or cleared. Its id is the idempotency key."""

    __tablename__ = "notices"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, Identity())
    """The order in which a handler is told of one name and subject."""
    alarm_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("alarms.id", ondelete="CASCADE"))
    kind: Mapped[str]
    handler: Mapped[str]
    since: Mapped[datetime]
    """Since when the handler sees the alarm last: earlier than its onset, where it was gone for a moment."""
    status: Mapped[str] = mapped_column(server_default=NoticeStatus.READY)
    attempts: Mapped[int] = mapped_column(server_default="0")
    next_at: Mapped[Moment]
    token: Mapped[UUID | None]
    holder: Mapped[UUID | None]
    error: Mapped[str | None]
    """Why the last attempt failed."""
    created_at: Mapped[Moment]
    finished_at: Mapped[datetime | None]

    __table_args__ = (
        one_of("kind", NoticeKind),
        one_of("status", NoticeStatus),
        UniqueConstraint("alarm_id", "handler", "kind"),
        Index(
            "ix_notices_unfinished",
            "handler",
            "seq",
            postgresql_where=text(status_in(NOTICE_UNFINISHED)),
        ),
    )
