"""`ctx.db` on real Postgres: what a handler writes is committed, or not, by whoever runs it."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import literal, select
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.db.engine import open_engine
from service.handlers import Context
from tests.fixtures.database import Database
from tests.fixtures.handling import context


@pytest.fixture
async def engine(empty_database: Database) -> AsyncIterator[AsyncEngine]:
    empty_database.execute("CREATE TABLE effects (name text)")
    opened = open_engine(empty_database.url, name="test")
    yield opened
    await opened.dispose()


@pytest.fixture
def ctx(engine: AsyncEngine) -> Context:
    async def open_transaction() -> AsyncConnection:
        connection = await engine.connect()
        await connection.begin()
        return connection

    return context(open_transaction=open_transaction)


async def act(ctx: Context) -> AsyncConnection:
    """Do what a handler does, and give the run step's connection."""
    done = await ctx.db.execute("INSERT INTO effects VALUES (:name)", {"name": "one"})
    assert done.rowcount == 1
    await ctx.db.execute("INSERT INTO effects VALUES (:name)", [{"name": "two"}, {"name": "three"}])
    assert [row.name for row in await ctx.db.fetch("SELECT name FROM effects")] == ["one", "two", "three"]
    assert (await ctx.db.execute(select(literal(7)))).scalar_one() == 7
    assert ctx.db.connection is not None
    return ctx.db.connection


async def test_nothing_is_seen_before_the_run_step_commits(ctx: Context, empty_database: Database) -> None:
    connection = await act(ctx)
    assert empty_database.execute("SELECT count(*) FROM effects") == [(0,)]
    await connection.commit()
    await connection.close()
    assert empty_database.execute("SELECT count(*) FROM effects") == [(3,)]


async def test_nothing_stays_if_the_run_step_rolls_back(ctx: Context, empty_database: Database) -> None:
    connection = await act(ctx)
    await connection.rollback()
    await connection.close()
    assert empty_database.execute("SELECT count(*) FROM effects") == [(0,)]


async def test_an_error_of_the_database_reaches_the_handler(ctx: Context) -> None:
    with pytest.raises(ProgrammingError, match="no_such_table"):
        await ctx.db.execute("SELECT * FROM no_such_table")
    assert ctx.db.connection is not None
    await ctx.db.connection.rollback()
    await ctx.db.connection.close()
