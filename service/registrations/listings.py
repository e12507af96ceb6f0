"""The queries on what is known of the apps of accounts: all that a token saw, and those that rules name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

_STORE = text("""
    INSERT INTO app_listings (account, apps) VALUES (:account, :apps)
    ON CONFLICT (account) DO UPDATE SET apps = excluded.apps, listed_at = now()
    """).bindparams(bindparam("apps", type_=JSONB))
_REFRESH = text("""
    UPDATE apps SET schema = seen.app, refreshed_at = now()
    FROM (
        SELECT known.app_id, known.schema, listed.app
        FROM jsonb_array_elements(:apps) AS listed (app)
        JOIN apps AS known ON known.account = :account AND known.app_id = listed.app ->> 'id'
        ORDER BY known.app_id FOR UPDATE OF known) AS seen
    WHERE apps.account = :account AND apps.app_id = seen.app_id
    RETURNING apps.app_id, seen.schema AS before, apps.schema AS after
    """).bindparams(bindparam("apps", type_=JSONB))


@dataclass(frozen=True, slots=True)
class AppliedApp:
    """An app as `webhooks apply` stored it, with its last known fields."""

    account: str
    app_id: str
    name: str
    schema: Mapping[str, Any]
    refreshed_at: datetime


@dataclass(frozen=True, slots=True)
class Listing:
    """All apps that an account's token saw, each as the provider described it."""

    apps: Sequence[Mapping[str, Any]]
    listed_at: datetime


@dataclass(frozen=True, slots=True)
class SchemaChange:
    """What the provider said of an app that rules name, before and now."""

    app_id: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]


async def store_listing(connection: AsyncConnection, account: str, apps: Sequence[Mapping[str, Any]]) -> None:
    """Keep what the account's token sees now: every app as the provider describes it."""
    await connection.execute(_STORE, {"account": account, "apps": [dict(app) for app in apps]})


async def refresh_apps(
    connection: AsyncConnection, account: str, apps: Sequence[Mapping[str, Any]]
) -> list[SchemaChange]:
    """Bring the apps that rules name to what the provider says now; gives those that differ.

    Their names stay as they were applied: rules that name them by it mean the same app as before.
    """
    rows = await connection.execute(_REFRESH, {"account": account, "apps": [dict(app) for app in apps]})
    changes = [SchemaChange(row.app_id, row.before, row.after) for row in rows]
    return sorted(
        (change for change in changes if change.before != change.after), key=lambda change: change.app_id
    )


async def read_listings(connection: AsyncConnection) -> dict[str, Listing]:
    """Read the apps of every account whose apps were ever listed."""
    rows = await connection.execute(text("SELECT account, apps, listed_at FROM app_listings"))
    return {row.account: Listing(row.apps, row.listed_at) for row in rows}


async def read_applied(connection: AsyncConnection) -> list[AppliedApp]:
    """Read the apps that `webhooks apply` stored, of all accounts."""
    rows = await connection.execute(text("SELECT account, app_id, name, schema, refreshed_at FROM apps"))
    return [AppliedApp(*row) for row in rows]


async def listed_lately(connection: AsyncConnection, account: str, *, within: timedelta) -> bool:
    """Tell whether the account's apps were listed within this time."""
    found = await connection.execute(
        text(
            "SELECT FROM app_listings WHERE account = :account"
            " AND listed_at > now() - CAST(:within AS interval)"
        ),
        {"account": account, "within": within},
    )
    return found.one_or_none() is not None
