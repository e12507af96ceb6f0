"""The driver's own connection, where SQLAlchemy's share of a statement costs more than the statement."""

from typing import Any

import psycopg
from sqlalchemy.ext.asyncio import AsyncConnection

DriverConnection = psycopg.AsyncConnection[Any]


async def driver_of(connection: AsyncConnection) -> DriverConnection:
    """Give what is below a pooled connection. What it executes is part of the same transaction.

    It raises psycopg's errors as they are; who borrowed the pooled connection commits or rolls back.
    """
    driver = (await connection.get_raw_connection()).driver_connection
    if not isinstance(driver, psycopg.AsyncConnection):
        raise TypeError(f"the engine's driver is not psycopg: {type(driver).__name__}")
    return driver
