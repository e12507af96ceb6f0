"""Hints of our own on a real database: they wait like deliveries, and where one is open there is none."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from service.changes.types import Origin
from service.db.engine import open_engine
from service.inbox.noticing import notice_records, open_records
from service.inbox.repository import read_due
from tests.fixtures.database import Database

NOW = timedelta(0)


@pytest.fixture
async def engine(database: Database) -> AsyncIterator[AsyncEngine]:
    opened = open_engine(database.url, name="test", pool_size=2)
    yield opened
    await opened.dispose()


def deliver(database: Database, record_id: str, *, app: str = "a1", status: str = "pending") -> None:
    database.execute(
        "INSERT INTO deliveries (registration_id, account, app_id, record_id, request_id, status)"
        " VALUES (%s, 'main', %s, %s, %s, %s)",
        (uuid4(), app, record_id, uuid4(), status),
    )


async def test_what_is_noticed_is_due_like_a_delivery_and_says_whose_word_it_is(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        noticed = await notice_records(
            connection, "main", "a1", ["r2", "r1", "r1"], origin=Origin.RECONCILE, due_in=NOW
        )
        due = await read_due(connection, "main", "a1")
    assert noticed == {"r1", "r2"}
    assert [(each.record_id, each.hint.origin, each.hint.kind) for each in due] == [
        ("r1", Origin.RECONCILE, None),
        ("r2", Origin.RECONCILE, None),
    ]


async def test_it_waits_for_webhooks_that_are_on_their_way(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await notice_records(
            connection, "main", "a1", ["r1"], origin=Origin.BACKFILL, due_in=timedelta(hours=1)
        )
        assert await read_due(connection, "main", "a1") == []
        assert await open_records(connection, "main", "a1", ["r1", "r2"]) == {"r1"}


async def test_a_record_with_an_open_delivery_is_not_noticed_again(
    engine: AsyncEngine, database: Database
) -> None:
    deliver(database, "pending")
    deliver(database, "recheck", status="recheck")
    deliver(database, "settled", status="settled")
    deliver(database, "dead", status="dead")
    deliver(database, "elsewhere", app="a2")
    everything = ["pending", "recheck", "settled", "dead", "elsewhere"]
    async with engine.begin() as connection:
        noticed = await notice_records(
            connection, "main", "a1", everything, origin=Origin.RECONCILE, due_in=NOW
        )
        assert noticed == {"settled", "dead", "elsewhere"}
        assert await open_records(connection, "main", "a1", everything) == set(everything)
        again = await notice_records(
            connection, "main", "a1", everything, origin=Origin.RECONCILE, due_in=NOW
        )
    assert again == set()
