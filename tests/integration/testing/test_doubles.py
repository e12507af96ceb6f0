"""The doubles for tests of users' handlers answer as the real ones do."""

from typing import Any

import pytest

from service.db.engine import open_engine
from service.fusioo.client import FusiooClient
from service.fusioo.errors import RecordNotFoundError
from service.handlers import Context
from service.testing import FakeFusioo, RecordingDatabase, make_change, make_context
from tests.fixtures.database import Database
from tests.fixtures.simulator import RunningSimulator

TASKS = "ia4f42"


async def _life_of_a_record(client: FusiooClient) -> list[Any]:
    """What a handler sees of a record from its making to its end, but for its id."""
    made = await client.records.create(TASKS, {"title": "Buy chairs", "priority": ["High"]})
    record_id = made["id"]
    await client.records.update(record_id, {"status": ["Done"]})
    seen = await client.records.get(record_id)
    several = await client.records.by_ids(TASKS, [record_id, "ino1"])
    await client.records.delete(record_id)
    with pytest.raises(RecordNotFoundError):
        await client.records.get(record_id)
    fields = [{name: record[name] for name in ("title", "priority", "status")} for record in (seen, *several)]
    return [*fields, isinstance(record_id, str)]


async def test_fusioo(simulator: RunningSimulator) -> None:
    async with FusiooClient.open(token=simulator.token, timeout=15.0, base_url=simulator.url) as client:
        real = await _life_of_a_record(client)
    double = make_context(make_change(None), fusioo={"main": FakeFusioo()}).fusioo("main")
    assert await _life_of_a_record(double) == real


async def _statements(ctx: Context) -> list[Any]:
    made = await ctx.db.execute("INSERT INTO kept VALUES (:id, :name)", [{"id": 1, "name": "a"}])
    rows = await ctx.db.fetch("SELECT id, name FROM kept WHERE id = :id", {"id": 1})
    one = (await ctx.db.execute("SELECT id, name FROM kept")).one()
    number = (await ctx.db.execute("SELECT 7 AS seven")).scalar_one()
    none = (await ctx.db.execute("SELECT id FROM kept WHERE id = 2")).one_or_none()
    mapping = (await ctx.db.execute("SELECT id, name FROM kept")).mappings().all()
    return [
        made.rowcount,
        [(row.id, row.name) for row in rows],
        tuple(one),
        number,
        none,
        [dict(row) for row in mapping],
    ]


async def test_a_database(empty_database: Database) -> None:
    empty_database.execute("CREATE TABLE kept (id int, name text)")
    engine = open_engine(empty_database.url, name="test")
    try:
        async with engine.connect() as connection:
            await connection.begin()

            async def open_transaction() -> Any:
                return connection

            real = await _statements(make_context(make_change(None), open_transaction=open_transaction))
            await connection.rollback()
    finally:
        await engine.dispose()

    double = RecordingDatabase()
    row = {"id": 1, "name": "a"}
    double.answer(rowcount=1)
    for rows in ([row], [row], [{"seven": 7}], [], [row]):
        double.answer(*rows)
    assert await _statements(make_context(make_change(None), database=double)) == real
