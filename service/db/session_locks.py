"""Advisory locks that are held without a transaction, while we wait for somebody else."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from service.db.locks import Lock
from service.errors import RefusedError

_PAUSE = 0.1


@asynccontextmanager
async def hold_lock(
    engine: AsyncEngine, kind: Lock, name: str, *, wait: timedelta = timedelta(seconds=60)
) -> AsyncIterator[None]:
    """Hold the lock on (kind, name), on a connection of its own without a transaction.

    Raises RefusedError when somebody else holds it for longer than `wait`. When the connection breaks the
    lock is gone without a word: what it protects must be safe then, too.
    """
    values = {"kind": int(kind), "name": name}
    async with engine.connect() as pooled:
        connection = await pooled.execution_options(isolation_level="AUTOCOMMIT")
        try:
            deadline = time.monotonic() + wait.total_seconds()
            # Asked again and again: a statement that waits would hold a snapshot, and meet time limits.
            while not (
                await connection.execute(text("SELECT pg_try_advisory_lock(:kind, hashtext(:name))"), values)
            ).scalar_one():
                if time.monotonic() > deadline:
                    raise RefusedError(
                        f"{kind.name.lower()} of {name} is under way elsewhere for longer than"
                        f" {wait.total_seconds():.0f} s; try again when it has ended"
                    )
                await asyncio.sleep(_PAUSE)
            yield
        finally:
            # Closed for good: a session lock would survive the connection's return to the pool.
            await connection.invalidate()
