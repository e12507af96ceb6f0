"""Our engine."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine


async def test_errors_show_no_values(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        with pytest.raises(DBAPIError, match="division by zero") as caught:
            await connection.execute(text("SELECT 1 / 0, CAST(:body AS text)"), {"body": "of a client"})
    assert "of a client" not in str(caught.value)
