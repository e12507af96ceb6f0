"""Runs and their attempts, and what is known of handlers."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from service.db.base import QUEUE_STORAGE, Base, Key, Moment, Serial, one_of, status_in
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
    current_state: Mapped[bool] = mapped_column(server_default="false")
    """Whether its handler sees the record as it is when it is called, not as the change left it."""
    rules_digest: Mapped[str | None]
    """The rules that made it. NULL: made before this was kept."""
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


class HandlerState(Base):
    """Whether a handler's runs may begin. A handler without a row was never paused, and never failed."""

    __tablename__ = "handler_states"

    handler: Mapped[Key]
    paused_at: Mapped[datetime | None]
    """Since when no run of it begins, until a person resumes it."""
    paused_because: Mapped[str | None]
    failures_in_row: Mapped[int] = mapped_column(server_default="0")
    """Attempts that failed one after the other."""
    opened_at: Mapped[datetime | None]
    """Since when its circuit breaker is open: it failed too often."""
    probe_at: Mapped[datetime | None]
    """When one run may begin, to see whether it works again."""
    next_start_at: Mapped[datetime | None]
    """When the next run would begin at an even pace, for handlers with a `rate`."""
    resumed_at: Mapped[datetime | None]
    """When a person resumed it last: runs from before then are no sign of a loop any more."""
