"""Tokens that expire, as they were fetched last; sealed, like every secret at rest."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, mapped_column

from service.db.base import Base, Key, Moment


class TokenRow(Base):
    """The tokens of one account under one set of `oauth` settings, and who fetches the next ones."""

    __tablename__ = "tokens"

    account: Mapped[Key]
    origin: Mapped[Key]
    """A digest of the settings: processes that still have old ones don't touch what the new ones keep."""
    serial: Mapped[int] = mapped_column(BigInteger, server_default="0")
    """Grows by one with each answer that is kept: nobody replaces an answer that he does not know."""
    access: Mapped[bytes | None]
    refresh: Mapped[bytes | None]
    """The newest refresh token; NULL: the one in the configuration still is."""
    given_at: Mapped[Moment]
    lifetime: Mapped[float | None]
    """Seconds; NULL: the provider did not say."""
    claim: Mapped[UUID | None]
    """Fresh for each fetching; NULL: nobody fetches."""
    claimed_until: Mapped[datetime | None]
    """Whoever fetches moves this on; when it has passed, he is lost."""
    failures: Mapped[int] = mapped_column(server_default="0")
    """Fetchings that failed one after the other."""
    failure: Mapped[str | None]
    """Why the last one failed, without secrets."""
    refused: Mapped[bool] = mapped_column(server_default="false")
    """Whether only a person can mend that."""
    next_at: Mapped[Moment]
    """No fetching begins before."""
