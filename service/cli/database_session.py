"""A command's piece of async work on the database."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from service.config import Settings

if TYPE_CHECKING:  # SQLAlchemy takes longer to import than most commands run
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

T = TypeVar("T")


def with_engine(settings: Settings, work: "Callable[[AsyncEngine], Awaitable[T]]") -> T:
    """Do the work on an engine of its own."""
    from service.db.engine import open_engine

    async def run() -> T:
        engine = open_engine(settings.database_url or "", name="cli")
        try:
            return await work(engine)
        finally:
            await engine.dispose()

    return asyncio.run(run())


def reading(settings: Settings, work: "Callable[[AsyncConnection], Awaitable[T]]") -> T:
    """Do the work on one connection that can't write."""
    from service.pipeline.showing.reader import reading as open_reading

    async def read(engine: "AsyncEngine") -> T:
        async with open_reading(engine) as connection:
            return await work(connection)

    return with_engine(settings, read)
