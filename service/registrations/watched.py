"""Which apps of an account are watched: those that rules name, as `webhooks apply` found them."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_WATCHED = text("""
    SELECT app_id, name FROM apps WHERE account = :account
    AND (app_id = ANY(:references) OR name = ANY(:references)) ORDER BY app_id""")


@dataclass(frozen=True, slots=True)
class WatchedApp:
    """One of them."""

    id: str
    name: str


async def watched_apps(
    connection: AsyncConnection, account: str, references: Collection[str]
) -> list[WatchedApp]:
    """Find the apps that are meant, each by its id or its exact name; not those that were never applied."""
    rows = await connection.execute(_WATCHED, {"account": account, "references": sorted(references)})
    return [WatchedApp(row.app_id, row.name) for row in rows]
