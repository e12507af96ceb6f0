"""Periodic work: one row per tick, claimed by any scheduler; its job claimed by any worker."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Interval
from sqlalchemy.orm import Mapped, mapped_column

from service.db.base import Base, Key, Moment


class Tick(Base):
    """When something periodic is next due, and whether its last call for work was answered."""

    __tablename__ = "ticks"

    name: Mapped[Key]
    """Which job: `sweep`, `retention`, …"""
    key: Mapped[Key]
    """What it is about; empty where there is only one."""
    every: Mapped[timedelta] = mapped_column(Interval)
    next_at: Mapped[Moment]
    wanted_at: Mapped[datetime | None]
    """When the job was last called for; more than `done_at`: it is still to be done."""
    done_at: Mapped[datetime | None]
    token: Mapped[UUID | None]
    holder: Mapped[UUID | None]
