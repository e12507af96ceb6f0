"""Who only looks can't write."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from service.pipeline.showing.reader import reading


async def test_what_only_looks_can_not_write(engine: AsyncEngine) -> None:
    async with reading(engine) as connection:
        assert (await connection.execute(text("SELECT 1"))).scalar_one() == 1
    with pytest.raises(DBAPIError, match="read-only transaction"):
        async with reading(engine) as connection:
            await connection.execute(text("DELETE FROM alarms"))
    async with engine.begin() as connection:
        await connection.execute(text("DELETE FROM alarms"))
