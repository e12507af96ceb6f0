"""Reads for people and programs that only look."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeAlias

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

Connection: TypeAlias = AsyncConnection


@asynccontextmanager
async def reading(engine: AsyncEngine) -> AsyncIterator[Connection]:
    """Open one transaction that can't write."""
    async with engine.begin() as connection:
        await connection.execute(text("SET TRANSACTION READ ONLY"))
        yield connection
