"""A whole app in a mirror: settled, run in batches, and equal to the provider's records row by row."""

import random
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from service.db.engine import open_engine
from service.handlers.builtin.postgres import MOST_AT_ONCE, PostgresHandler
from service.handlers.builtin.postgres_options import PostgresOptions
from service.handlers.kinds import BatchApart, BoundHandler, OwnBatch
from tests.fixtures.database import Database
from tests.fixtures.pipeline import ACCOUNT, APP, Pipeline, bound, rule
from tests.fixtures.tiers import Scale

OPTIONS = PostgresOptions.model_validate({"table": "mirror", "columns": {"title": "text", "rev": "bigint"}})


@pytest.fixture
async def engine(empty_schema: Database) -> AsyncIterator[AsyncEngine]:
    opened = open_engine(empty_schema.url, name="test", pool_size=10)
    yield opened
    await opened.dispose()


@pytest.fixture
def empty_schema(database: Database) -> Database:
    database.execute("DROP TABLE IF EXISTS mirror, mirror_deleted")
    return database


def mirror(engine: AsyncEngine, *, is_own: bool) -> BoundHandler:
    handler = PostgresHandler(OPTIONS, engine)
    batch: OwnBatch | BatchApart = BatchApart(MOST_AT_ONCE, handler.write_apart)
    if is_own:
        batch = OwnBatch(MOST_AT_ONCE, handler.prepare, handler.write)
    return bound(handler.call if is_own else handler.call_apart, batch=batch)


@pytest.mark.parametrize("is_own", [True, False])
async def test_a_mirror_is_equal_to_its_app(
    engine: AsyncEngine, database: Database, scale: Scale, *, is_own: bool
) -> None:
    count, edits = scale.pick(small=300, full=100_000), scale.pick(small=400, full=150_000)
    chance = random.Random(7)  # noqa: S311  no secret
    handler = mirror(engine, is_own=is_own)
    pipeline = Pipeline(engine, database, rules=[rule()], handlers=[handler])
    pipeline.limit = type(pipeline.limit)(1_000_000, timedelta(hours=1))
    truth: dict[str, Any] = pipeline.provider.truth
    truth |= {f"r{number:06d}": {"id": f"r{number:06d}", "title": "new", "rev": 0} for number in range(count)}
    pipeline.deliver_many(truth)
    await pipeline.drain(rounds=20 + count // 20)
    ids = list(truth)
    for place in range(edits):
        record_id = chance.choice(ids)
        if chance.random() < 0.1:
            truth.pop(record_id, None)
            pipeline.deliver(record_id, "delete")
        else:
            truth[record_id] = {"id": record_id, "title": chance.choice("abcde"), "rev": place}
            pipeline.deliver(record_id)
        if place % 200 == 0:
            await pipeline.settler(pipeline.process()).settle(ACCOUNT, APP)
    await pipeline.drain(rounds=20 + edits // 20)
    rows = database.execute("SELECT record_id, fields, title, rev FROM mirror ORDER BY record_id")
    assert rows == [(one, truth[one], truth[one]["title"], truth[one]["rev"]) for one in sorted(truth)]
    assert database.execute("SELECT DISTINCT status, attempts FROM runs") == [("done", 1)]
    together = "SELECT max(runs) FROM (SELECT count(*) AS runs FROM attempts GROUP BY finished_at) AS batches"
    assert database.execute(together)[0][0] > 1
