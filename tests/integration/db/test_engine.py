"""Our engine."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from service.db.engine import open_engine
from tests.fixtures.database import Database


async def test_errors_show_no_values(database: Database) -> None:
    engine = open_engine(database.url, name="test")
    try:
        async with engine.connect() as connection:
            with pytest.raises(DBAPIError, match="division by zero") as caught:
                await connection.execute(text("SELECT 1 / 0, CAST(:body AS text)"), {"body": "of a client"})
    finally:
        await engine.dispose()
    assert "of a client" not in str(caught.value)
