"""Taking in records that were never seen, and what is known of those in a list."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from service.changes.decision import Snapshot
from service.db.engine import open_engine
from service.lifecycle import RecordState
from service.records.baseline import read_snapshots, take_in
from service.records.repository import next_sight
from tests.fixtures.database import Database

FIELDS = {"id": "r1", "title": "Grün", "odd": [1, None, {"a": True}]}


@pytest.fixture
async def engine(database: Database) -> AsyncIterator[AsyncEngine]:
    opened = open_engine(database.url, name="test", pool_size=2)
    yield opened
    await opened.dispose()


def store(database: Database, record_id: str, state: str, *, version: int = 1) -> None:
    database.execute(
        "INSERT INTO records (account, app_id, record_id, state, version, fields, seen)"
        " VALUES ('main', 'a1', %s, %s, %s, '{\"title\": \"old\"}', nextval('sight'))",
        (record_id, state, version),
    )


async def test_a_record_never_seen_is_taken_in_at_version_0(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        started = await next_sight(connection)
        assert await take_in(connection, "main", "a1", {"r1": FIELDS}, started=started) == {"r1"}
        assert await read_snapshots(connection, "main", "a1", ["r1", "r2"]) == {
            "r1": Snapshot(RecordState.LIVE, 0, FIELDS)
        }


async def test_what_is_known_already_is_left_as_it_is(engine: AsyncEngine, database: Database) -> None:
    store(database, "live", "live")
    store(database, "deleted", "deleted", version=2)
    store(database, "made", "unseen", version=0)
    listed = dict.fromkeys(("live", "deleted", "made"), FIELDS)
    async with engine.begin() as connection:
        started = await next_sight(connection)
        assert await take_in(connection, "main", "a1", listed, started=started) == {"made"}
        known = await read_snapshots(connection, "main", "a1", list(listed))
    assert {one: (each.state, each.version, (each.fields or {})["title"]) for one, each in known.items()} == {
        "live": (RecordState.LIVE, 1, "old"),
        "deleted": (RecordState.DELETED, 2, "old"),
        "made": (RecordState.LIVE, 0, "Grün"),
    }


async def test_what_somebody_looked_at_since_is_left_to_him(engine: AsyncEngine, database: Database) -> None:
    async with engine.begin() as connection:
        started = await next_sight(connection)
    store(database, "r1", "unseen", version=0)  # an empty look, after ours began
    async with engine.begin() as connection:
        assert await take_in(connection, "main", "a1", {"r1": FIELDS}, started=started) == set()
