"""Snapshots, changes, slots, and the sight sequence that orders our looks."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, Sequence, SmallInteger, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from service.changes.types import Kind, Origin
from service.db.base import Base, Key, Moment, one_of
from service.lifecycle import RecordState

SIGHT = Sequence("sight", metadata=Base.metadata, data_type=BigInteger)
"""The order in which we looked. A look takes a number before it starts; a record, when it is stored."""


class Record(Base):
    """The snapshot of one record: its last state that we saw."""

    __tablename__ = "records"

    account: Mapped[Key]
    app_id: Mapped[Key]
    record_id: Mapped[Key]
    state: Mapped[str] = mapped_column(server_default=RecordState.UNSEEN)
    version: Mapped[int] = mapped_column(BigInteger, server_default="0")
    seen: Mapped[int] = mapped_column(BigInteger, server_default="0")
    """The sight at which it was last stored: a look that started before it tells nothing new."""
    fields: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """The API's values; kept after a delete. NULL while unseen, or deleted before we ever saw it."""
    seen_at: Mapped[datetime | None]
    changed_at: Mapped[datetime | None]
    looks_in_row: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    """How many looks came shortly after each other, before the last one (`budget/pacing`)."""
    rest_until: Mapped[datetime | None]
    """Deliveries of it wait until then: it never rests by itself."""
    missing_since: Mapped[datetime | None]
    """When it was first missed, without anybody saying that it was deleted; kept when it turns out to be."""

    # Room on each page: a record that is seen again touches no index then.
    __table_args__ = (
        one_of("state", RecordState),
        Index(
            "ix_records_missing",
            "account",
            "app_id",
            "missing_since",
            postgresql_where=text("missing_since IS NOT NULL"),
        ),
        {"postgresql_with": {"fillfactor": 80}},
    )


class ChangeRow(Base):
    """A change, as stored (the value that handlers see is `changes.types.Change`)."""

    __tablename__ = "changes"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account: Mapped[str]
    app_id: Mapped[str]
    record_id: Mapped[str]
    version: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str]
    origin: Mapped[str]
    restored: Mapped[bool] = mapped_column(server_default="false")
    diff: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """Field id → [before, after]."""
    after: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    echoed: Mapped[list[str] | None] = mapped_column(JSONB(none_as_null=True))
    """Of a diff that is not an echo: the fields that come of our own writes; null: none does."""
    deliveries: Mapped[int] = mapped_column(server_default="0")
    first_received_at: Mapped[datetime | None]
    """When the first delivery that it settled came in."""
    call_id: Mapped[int | None] = mapped_column(BigInteger)
    sight: Mapped[int] = mapped_column(BigInteger)
    rules_digest: Mapped[str]
    """The rules that judged it (`rulebooks`)."""
    verdicts: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """How each rule of its app judged it: rule → null (it matched), or what decided that it does not."""
    created_at: Mapped[Moment]

    __table_args__ = (
        one_of("kind", Kind),
        one_of("origin", Origin),
        UniqueConstraint("account", "app_id", "record_id", "version"),
        Index(None, "created_at"),
        # No webhook told of these: few, unless webhooks are lost.
        Index(
            "ix_changes_reconciled",
            "account",
            "app_id",
            "kind",
            "created_at",
            postgresql_where=text("origin = 'reconcile'"),
        ),
    )


class Slot(Base):
    """Who may settle an app now, and when next. The one row per account and app that serialises it."""

    __tablename__ = "slots"

    account: Mapped[Key]
    app_id: Mapped[Key]
    token: Mapped[UUID | None]
    """Fresh for each claim; whoever finds another one here has lost the slot."""
    holder: Mapped[UUID | None]
    """The process that claimed it (`processes.id`)."""
    next_at: Mapped[Moment]
    failures: Mapped[int] = mapped_column(server_default="0")
    """Looks that failed one after the other; the pause before the next grows with them."""
    batch_size: Mapped[int] = mapped_column(server_default="50")
    batch_ceiling: Mapped[int | None]
    """A batch of this size failed because of its size, …"""
    ceiling_until: Mapped[datetime | None]
    """… and is not tried again before this."""
    looked_at: Mapped[datetime | None]
    """When the last look ended, whatever came of it."""
    listed_since: Mapped[datetime | None]
    """When the list of what changed last was begun, or that there is none before this moment."""
    listed_to: Mapped[int | None]
    """Where its next page begins, 0 that of a new one; NULL: next there is a look by ids."""
    halted: Mapped[str | None]
    """Why the provider refuses this app; it is asked again now and then."""
    deletions_held_at: Mapped[datetime | None]
    """Since when so many records are missing that none is taken for deleted, until a person says so."""
    deletions_accepted_until: Mapped[datetime | None]
    """A person said so: until then what is missing is deleted."""


class Halt(Base):
    """An account whose credentials the provider refuses. Its apps wait; one look is tried now and then."""

    __tablename__ = "halts"

    account: Mapped[Key]
    reason: Mapped[str]
    since: Mapped[Moment]
    next_at: Mapped[datetime]
    """When one app of the account may look again."""
