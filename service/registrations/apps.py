"""What settling needs to know of an app."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True, slots=True)
class AppView:
    """An app as `webhooks apply` stored it. An app that it never stored has its id for a name."""

    name: str
    schema: frozenset[str] | None
    """Its field ids; None: not known."""
    watched_since: datetime | None
    floor: str | None
    """The newest stamp of the provider's when it was first reconciled; None: it was not yet."""
    now: datetime
    """The transaction's moment: when whatever is stored now counts as stored."""
    writes_noted: bool
    """Whether some write of ours, anywhere in the account, was not seen to come back yet."""


async def view_app(connection: AsyncConnection, account: str, app_id: str) -> AppView:
    """Read an app's name, fields and since when it is watched; and whether a look must ask for notes."""
    row = (
        await connection.execute(
            text(
                """
                SELECT now() AS moment, apps.name, apps.watched_since,
                    (SELECT floor FROM reconciles
                        WHERE reconciles.account = :account AND reconciles.app_id = :app_id) AS floor,
                    jsonb_path_query_array(apps.schema, '$.fields[*].id') AS fields,
                    EXISTS (SELECT FROM own_writes
                        WHERE own_writes.account = :account AND used_at IS NULL) AS writes_noted
                FROM (SELECT) AS always LEFT JOIN apps ON account = :account AND app_id = :app_id"""
            ),
            {"account": account, "app_id": app_id},
        )
    ).one()
    return AppView(
        name=row.name or app_id,
        schema=frozenset(row.fields) if row.fields else None,
        watched_since=row.watched_since,
        floor=row.floor,
        now=row.moment,
        writes_noted=row.writes_noted,
    )


async def read_schema(connection: AsyncConnection, account: str, app_id: str) -> dict[str, Any] | None:
    """Read an app as the provider described it; None: it was never stored."""
    schema: dict[str, Any] | None = await connection.scalar(
        text("SELECT schema FROM apps WHERE account = :account AND app_id = :app_id"),
        {"account": account, "app_id": app_id},
    )
    return schema
