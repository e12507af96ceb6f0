"""Who makes what has a key at a provider right now, and what was made of it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from service.db.base import Base, Key, Moment


class Upsert(Base):
    """One key of an app, or one value of a list: the right to make it, which one run has at a time."""

    __tablename__ = "upserts"

    account: Mapped[Key]
    place: Mapped[Key]
    """Where it is made: `app 195`, `list 906`."""
    key_hash: Mapped[Key]
    """A digest of the key's values: they may be secret, and long."""
    record_id: Mapped[str | None]
    """What was made, or found, last. A search at the provider may not show it yet."""
    token: Mapped[UUID | None]
    """Fresh for each holder; NULL: nobody has it."""
    held_until: Mapped[datetime | None]
    """When the holder has surely ended. Later anybody may take it."""
    used_at: Mapped[Moment]

    __table_args__ = (Index(None, "used_at"),)
