"""A person's word that records which are missing are really deleted."""

from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


async def accept_deletions(
    connection: AsyncConnection, account: str, app_id: str, *, lasting: timedelta
) -> None:
    """Let an app's missing records be taken for deleted for so long, and let it be looked at at once."""
    await connection.execute(
        text(
            """
            UPDATE slots SET deletions_accepted_until = now() + :lasting
            WHERE account = :account AND app_id = :app_id"""
        ),
        {"account": account, "app_id": app_id, "lasting": lasting},
    )
    await connection.execute(
        text(
            """
            UPDATE deliveries SET due_at = now() WHERE account = :account AND app_id = :app_id
            AND status = 'recheck' AND due_at > now()"""
        ),
        {"account": account, "app_id": app_id},
    )
