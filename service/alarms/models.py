"""Conditions that a person must know of."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped

from service.db.base import Base, Moment, Serial


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

    __table_args__ = (
        Index(
            "uq_alarms_lasting", "name", "subject", unique=True, postgresql_where=text("cleared_at IS NULL")
        ),
    )
