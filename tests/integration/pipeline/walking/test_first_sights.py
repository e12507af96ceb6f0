"""What `relay doctor` says of records that were never seen."""

from sqlalchemy.ext.asyncio import AsyncEngine

from service.pipeline.walking.standing import tell_first_sights
from tests.fixtures.database import Database
from tests.fixtures.walking import ACCOUNT, APP, store_app


async def told(engine: AsyncEngine, *references: str) -> str:
    async with engine.connect() as connection:
        return await tell_first_sights(connection, ACCOUNT, references)


async def test_what_a_backfill_would_cost(engine: AsyncEngine, database: Database) -> None:
    assert await told(engine, "Clients") == "no app is watched yet"
    store_app(database)
    assert "`relay backfill main Clients` reads them with a call per 190 records" in await told(engine, APP)
    database.execute(
        "INSERT INTO reconciles (account, app_id, api_count, known_count) VALUES (%s, %s, 105000, 12)",
        (ACCOUNT, APP),
    )
    assert await told(engine, "Clients") == (
        "not all records of Clients were read: the first change of one comes without a diff"
        " (12 of 105000 are known); `relay backfill main Clients` reads them with about 555 calls"
    )
    database.execute("UPDATE apps SET name = 'Our Clients'")
    assert "relay backfill main 'Our Clients'" in await told(engine, APP)


async def test_nothing_once_all_were_read(engine: AsyncEngine, database: Database) -> None:
    store_app(database)
    walk = (
        "INSERT INTO walks (account, app_id, purpose, sight, ended_at, since)"
        " VALUES (%s, %s, %s, 1, now(), %s)"
    )
    database.execute(walk, (ACCOUNT, APP, "backfill", "2026-11-22T05:00:00Z"))
    assert "not all records" in await told(engine, APP)
    database.execute(walk, (ACCOUNT, APP, "full_sweep", None))
    assert await told(engine, APP) == "all records of the app were read"
