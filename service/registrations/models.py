"""Our webhooks at the providers, their secrets (sealed), and the apps that they watch."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from service.changes.types import Kind
from service.db.base import Base, Key, Moment, Serial, one_of
from service.lifecycle import RegistrationStatus


class WatchedApp(Base):
    """An app that a rule names, resolved and stored at `relay webhooks apply`."""

    __tablename__ = "apps"

    account: Mapped[Key]
    app_id: Mapped[Key]
    name: Mapped[str]
    """The app's name at the last apply: rules that name the app by it mean this id, also after a rename."""
    schema: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """The app as the provider describes it, untouched (`{"id", "name", "fields": [{"id", "type", …}]}`)."""
    watched_since: Mapped[Moment]
    """From when on a record's first sight may be its creation."""
    refreshed_at: Mapped[Moment]
    """When `schema` was the provider's word last."""


class AppListing(Base):
    """All apps that an account's token saw when they were listed last, also those that no rule names."""

    __tablename__ = "app_listings"

    account: Mapped[Key]
    apps: Mapped[list[Any]] = mapped_column(JSONB)
    """Each as the provider describes it, like `apps.schema`."""
    listed_at: Mapped[Moment]


class Registration(Base):
    """Our webhook at the provider: one per account, app and kind. `key` is the last part of its URL."""

    __tablename__ = "registrations"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account: Mapped[str]
    provider: Mapped[str]
    app_id: Mapped[str]
    kind: Mapped[str | None]
    key: Mapped[str] = mapped_column(unique=True)
    url: Mapped[str]
    """What the provider was told to call."""
    webhook_id: Mapped[str | None]
    """The provider's id of it; NULL until its answer is stored."""
    manual: Mapped[bool] = mapped_column(server_default="false")
    """A person set its webhook up (`relay webhooks add`): no plan touches it."""
    status: Mapped[str]
    retire_at: Mapped[datetime | None]
    """Retiring: from then on its webhook is deleted at the provider."""
    heard_at: Mapped[datetime | None]
    """When its last delivery came, as far as was looked."""
    last_heard: Mapped[list[datetime]] = mapped_column(
        ARRAY(DateTime(timezone=True)), server_default=text("'{}'")
    )
    """When its last deliveries came, at most three different moments, the newest first."""
    silent_since: Mapped[datetime | None]
    """Changes came that it should have told of, and did not: since when that is known."""
    created_at: Mapped[Moment]
    changed_at: Mapped[Moment]

    __table_args__ = (
        one_of("status", RegistrationStatus),
        one_of("kind", Kind),
        Index(
            "uq_registrations_live",
            "account",
            "app_id",
            "kind",
            unique=True,
            postgresql_where=text("status IN ('active', 'creating') AND NOT manual"),
        ),
    )


class RegistrationSecret(Base):
    """A secret that the provider sends with its deliveries, sealed. Several may be live at once."""

    __tablename__ = "registration_secrets"

    id: Mapped[Serial]
    registration_id: Mapped[UUID] = mapped_column(
        ForeignKey("registrations.id", ondelete="CASCADE"), index=True
    )
    sealed: Mapped[bytes]
    created_at: Mapped[Moment]
    retired_at: Mapped[datetime | None]


class Hearing(Base):
    """How far deliveries were looked through for what our webhooks told of. One row."""

    __tablename__ = "hearing"

    name: Mapped[Key]
    reached: Mapped[int] = mapped_column(BigInteger)
    """The deliveries up to this id are noted with their registrations."""
    since: Mapped[Moment]
    """From when on the receiver was there without a break, as far as its beats tell."""


class Drift(Base):
    """How an account's webhooks at the provider compared last with what we made them."""

    __tablename__ = "drifts"

    account: Mapped[Key]
    compared_at: Mapped[datetime | None]
    """When the provider was asked last, and answered."""
    differences: Mapped[int] = mapped_column(server_default="0")
    """How many differed then, and were not mended."""
    mended: Mapped[int] = mapped_column(BigInteger, server_default="0")
    """How many differences were mended so far, without a person."""
    failures: Mapped[int] = mapped_column(server_default="0")
    """How often the provider gave no answer since."""
    error: Mapped[str | None]
    """Why, the last time; without secrets."""
