"""How far an app was compared with what its provider says changed last."""

from datetime import datetime, timedelta

from sqlalchemy import Interval
from sqlalchemy.orm import Mapped, mapped_column

from service.db.base import Base, Key, Moment


class Reconcile(Base):
    """The comparing of one app: when next, how far, and what the last round found."""

    __tablename__ = "reconciles"

    account: Mapped[Key]
    app_id: Mapped[Key]
    next_at: Mapped[Moment]
    watermark: Mapped[str | None]
    """The newest `last_modified` that a finished round saw, as the provider writes it; NULL: none yet.

    Of a list that is filtered: what the provider's clock showed at least when that round began.
    """
    floor: Mapped[str | None]
    """The first watermark: what nobody edited since then is left to backfill."""
    sortable: Mapped[bool] = mapped_column(server_default="true")
    """Whether the last round got a list sorted by `last_modified`; if not, only full sweeps find anything."""
    place: Mapped[int | None]
    """Where the next page of the round under way begins; NULL: none is under way."""
    reached: Mapped[str | None]
    """The last stamp on the pages that it read, or the ids with which the last of them ended, …"""
    newest: Mapped[str | None]
    """… and the first: the next watermark."""
    began_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    """When the last round ended without an error."""
    calls: Mapped[int] = mapped_column(server_default="0")
    """What the last round cost."""
    noticed: Mapped[int] = mapped_column(server_default="0")
    """How many records the last round gave to settle: they differ from what we know."""
    behind: Mapped[timedelta | None] = mapped_column(Interval)
    """How old the oldest of their edits was, by the provider's clock alone; NULL: it noticed none."""
    api_count: Mapped[int | None]
    """How many records the provider said the app has, …"""
    known_count: Mapped[int | None]
    """… and how many live ones we knew then."""
    gone: Mapped[int] = mapped_column(server_default="0")
    """How many fewer those were than these, but for what waits to be settled: deletions nobody told of."""
    counted_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(server_default="0")
    """Rounds that failed one after the other."""
    error: Mapped[str | None]
    """Why the last one failed, without secrets."""
