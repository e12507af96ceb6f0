"""The queries on how accounts' webhooks compared last with what we made them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.lifecycle import RegistrationStatus

_LATELY = text("""
    SELECT FROM drifts WHERE account = :account AND compared_at > now() - CAST(:within AS interval)""")
_NOTE = text("""
    INSERT INTO drifts (account, compared_at, differences, mended) VALUES (:account, now(), :left, :mended)
    ON CONFLICT (account) DO UPDATE SET compared_at = now(), differences = excluded.differences,
        mended = drifts.mended + excluded.mended, failures = 0, error = NULL""")
_NOTE_FAILURE = text("""
    INSERT INTO drifts (account, failures, error) VALUES (:account, 1, :error)
    ON CONFLICT (account) DO UPDATE SET failures = drifts.failures + 1, error = excluded.error""")
_STANDING = text("""
    SELECT account, status, count(*) AS number FROM registrations WHERE status <> 'deleted'
    GROUP BY account, status ORDER BY account, status""")
_READ = text("""
    SELECT account, compared_at, differences, mended, failures, error, now() FROM drifts ORDER BY account""")


@dataclass(frozen=True, slots=True)
class DriftView:
    """How an account's webhooks compared last."""

    account: str
    compared_at: datetime | None
    """When the provider answered last."""
    differences: int
    """How many differed then, and were not mended."""
    mended: int
    """How many were mended so far."""
    failures: int
    """How often it gave no answer since."""
    error: str | None
    """Why, the last time."""
    moment: datetime
    """When this was read, by the database's clock."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How many registrations of an account have one status."""

    account: str
    status: RegistrationStatus
    number: int


@dataclass(frozen=True, slots=True)
class Webhooks:
    """What is known of all accounts' webhooks."""

    standing: Sequence[Standing] = ()
    """Deleted ones left out."""
    drifts: Sequence[DriftView] = ()


async def compared_lately(connection: AsyncConnection, account: str, *, within: timedelta) -> bool:
    """Tell whether the account's webhooks were compared within this time."""
    found = await connection.execute(_LATELY, {"account": account, "within": within})
    return found.one_or_none() is not None


async def note_comparison(connection: AsyncConnection, account: str, *, left: int, mended: int) -> None:
    """Note that the provider was asked: so many differences were mended, so many are left."""
    await connection.execute(_NOTE, {"account": account, "left": left, "mended": mended})


async def note_failure(connection: AsyncConnection, account: str, error: str) -> None:
    """Note that the provider gave no answer, and why."""
    await connection.execute(_NOTE_FAILURE, {"account": account, "error": error})


async def read_webhooks(connection: AsyncConnection) -> Webhooks:
    """Read how all accounts' webhooks stand, and how they compared."""
    standing = [
        Standing(row.account, RegistrationStatus(row.status), row.number)
        for row in await connection.execute(_STANDING)
    ]
    return Webhooks(standing, [DriftView(*row) for row in await connection.execute(_READ)])
