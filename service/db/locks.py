"""Advisory locks of one transaction: held until it ends, whatever becomes of the connection."""

from enum import IntEnum

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


class Lock(IntEnum):
    """What is locked. The numbers are part of what runs at the same time: never reuse one."""

    BUDGET = 1
    HANDLER = 2
    APPLY = 3
    EXPAND = 4
    MIRROR = 5
    RECONCILE = 6
    BACKFILL = 7


async def lock(connection: AsyncConnection, kind: Lock, name: str) -> None:
    """Wait for the lock on (kind, name); two names may share one lock, which only costs time."""
    await connection.execute(
        text("SELECT pg_advisory_xact_lock(:kind, hashtext(:name))"), {"kind": int(kind), "name": name}
    )
