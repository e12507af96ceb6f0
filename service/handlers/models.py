"""Runs and their attempts."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from service.db.base import QUEUE_STORAGE, Base, Moment, Serial, one_of, status_in
from service.lifecycle import RUN_UNFINISHED, AttemptOutcome, RunStatus


class Run(Base):
    """One change, rule and handler together. Its id is the idempotency key over all attempts."""

    __tablename__ = "runs"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, Identity())
    """The order of runs within one record and handler; given under the record's lock."""
    change_id: Mapped[UUID] = mapped_column(ForeignKey("changes.id", ondelete="CASCADE"))
    account: Mapped[str]
    app_id: Mapped[str]
    record_id: Mapped[str]
    rule: Mapped[str]
    handler: Mapped[str]
    replay: Mapped[int] = mapped_column(server_default="0")
    """0 for the first run; a replay of the change makes a new run with the next number."""
    ordered: Mapped[bool] = mapped_column(server_default="true")
    """Whether it holds back later runs of its record and handler (`order: record`)."""
    status: Mapped[str]
    attempts: Mapped[int] = mapped_column(server_default="0")
    """Tries that count against the handler's `retry` list."""
    next_at: Mapped[Moment]
    token: Mapped[UUID | None]
    holder: Mapped[UUID | None]
    error: Mapped[str | None]
    """Why the last attempt failed."""
    created_at: Mapped[Moment]
    finished_at: Mapped[datetime | None]

    __table_args__ = (
        one_of("status", RunStatus),
        UniqueConstraint("change_id", "rule", "handler", "replay"),
        Index("ix_runs_ready", "handler", "next_at", "seq", postgresql_where=text("status = 'ready'")),
        Index("ix_runs_running", "handler", postgresql_where=text("status = 'running'")),
        Index("ix_runs_dead", "finished_at", postgresql_where=text("status = 'dead'")),
        Index(
            "ix_runs_unfinished",
            "account",
            "app_id",
            "record_id",
            "handler",
            "seq",
            postgresql_include=["status"],
            postgresql_where=text(status_in(RUN_UNFINISHED)),
        ),
        Index(None, "created_at"),
        {"postgresql_with": QUEUE_STORAGE},
    )


class Attempt(Base):
    """One try at a run, written before the handler is called."""

    __tablename__ = "attempts"

    id: Mapped[Serial]
    run_id: Mapped[UUID] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"))
    number: Mapped[int]
    token: Mapped[UUID]
    process_id: Mapped[UUID]
    started_at: Mapped[Moment]
    finished_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
    error: Mapped[str | None]
    detail: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """What the handler tells of it, clipped and redacted (`{"status": 503, "body": "…"}`)."""

    __table_args__ = (one_of("outcome", AttemptOutcome), UniqueConstraint("run_id", "number"))
