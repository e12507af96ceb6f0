"""Readiness: what was seen of Postgres counts for a while, then no longer."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from service.db.engine import open_engine
from service.db.migrating import head_revision
from service.pipeline.readiness import Readiness
from tests.fixtures.database import Database


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def engine(database: Database) -> AsyncIterator[AsyncEngine]:
    opened = open_engine(database.url, name="test", pool_size=1)
    yield opened
    await opened.dispose()


async def test_what_was_seen_counts_for_ten_seconds(engine: AsyncEngine) -> None:
    clock = Clock()
    readiness = Readiness(engine, outdated=(), table_loaded=lambda: True, clock=clock)
    assert readiness.problems() == ["Postgres was not seen in the last 10 s"]
    await readiness.look()
    clock.now = 10.0
    assert readiness.problems() == []
    clock.now = 10.1
    assert readiness.problems() == ["Postgres was not seen in the last 10 s"]


async def test_a_look_that_fails_changes_nothing(engine: AsyncEngine) -> None:
    readiness = Readiness(engine, outdated=(), table_loaded=lambda: True)
    await readiness.look()
    away = open_engine("postgresql://nobody@127.0.0.1:1/nothing", name="test")
    elsewhere = Readiness(away, outdated=(), table_loaded=lambda: True)
    await elsewhere.look()
    await away.dispose()
    assert readiness.problems() == []
    assert elsewhere.problems() != []


async def test_an_unloaded_table_and_an_old_schema_are_both_named(engine: AsyncEngine) -> None:
    readiness = Readiness(engine, outdated={head_revision()}, table_loaded=lambda: False)
    await readiness.look()
    assert len(readiness.problems()) == 2


async def test_a_database_without_tables_is_an_old_schema(empty_database: Database) -> None:
    engine = open_engine(empty_database.url, name="test", pool_size=1)
    readiness = Readiness(engine, outdated=(), table_loaded=lambda: True)
    await readiness.look()
    await engine.dispose()
    assert readiness.problems() == ["the database schema is older than this code: run `relay migrate`"]


async def test_it_looks_by_itself(engine: AsyncEngine) -> None:
    every = timedelta(milliseconds=10)
    async with Readiness(engine, outdated=(), table_loaded=lambda: True, look_every=every) as readiness:
        assert readiness.problems() == []
