"""Runs of one record and handler that come too often are held, and nothing is lost."""

from datetime import timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from service.changes.types import Change
from service.handlers.context import Context
from service.handlers.listing import list_runs
from service.pipeline.running.handlers import resume
from service.rules.discipline import Loop
from tests.fixtures.database import Database
from tests.fixtures.pipeline import ACCOUNT, APP, Pipeline, bound, rule, succeed

THREE = Loop(runs=3, within=timedelta(minutes=10))


class PingPong:
    """A handler that writes to the record for whose change it runs: through somebody else, so no echo."""

    def __init__(self) -> None:
        self.versions: list[int] = []

    async def __call__(self, change: Change, _context: Context) -> None:
        self.versions.append(change.version)


async def edit(pipeline: Pipeline, record: str, revision: int) -> None:
    pipeline.provider.truth[record] = {"id": record, "rev": revision}
    pipeline.deliver(record)
    await pipeline.drain()


def runs(database: Database) -> list[tuple[Any, ...]]:
    return database.execute("SELECT status, next_at > now() + interval '1 year' FROM runs ORDER BY seq")


async def test_a_loop_is_held_with_an_alarm_and_later_runs_wait_behind_it(
    engine: AsyncEngine, database: Database
) -> None:
    handler = PingPong()
    pipeline = Pipeline(engine, database, handlers=[bound(handler)], loops={"ops": THREE})
    for revision in range(5):
        await edit(pipeline, "a", revision)
        await edit(pipeline, "b", 0)
    assert handler.versions == [1, 1, 2, 3], "the other record's runs are its own"
    assert runs(database)[-2:] == [("ready", True), ("waiting", True)]
    ((name, subject, message),) = database.execute("SELECT name, subject, message FROM alarms")
    assert (name, subject) == ("loop_held", "ops/a")
    assert "ran for it 3 times within 10m" in message
    async with engine.connect() as connection:
        newest = (await list_runs(connection, limit=1))[0]
    assert newest.error is not None
    assert newest.error.startswith("held: ")

    assert (await resume(engine, "ops")).held == 2
    await pipeline.drain()
    assert handler.versions == [1, 1, 2, 3, 4, 5], "nothing is lost, and all in order"
    assert database.execute("SELECT count(*) FROM alarms WHERE cleared_at IS NULL") == [(0,)]
    for revision in range(5, 8):
        await edit(pipeline, "a", revision)
    assert handler.versions[-3:] == [6, 7, 8], "what was counted before it was resumed is forgotten"
    await edit(pipeline, "a", 9)
    assert handler.versions[-1] == 8


async def test_a_held_run_stays_held_when_its_turn_comes(engine: AsyncEngine, database: Database) -> None:
    """The third run waits for the second one: promoted, it must not begin."""
    pipeline = Pipeline(engine, database, loops={"ops": Loop(runs=2)})
    settler = pipeline.settler(pipeline.process())
    for revision in range(3):
        pipeline.provider.truth["a"] = {"id": "a", "rev": revision}
        pipeline.deliver("a")
        await settler.settle(ACCOUNT, APP)
    assert runs(database) == [("ready", False), ("waiting", False), ("waiting", True)]
    await pipeline.drain()
    assert runs(database) == [("done", False), ("done", False), ("ready", True)]


async def test_runs_of_several_rules_count_together_and_old_ones_do_not(
    engine: AsyncEngine, database: Database
) -> None:
    pipeline = Pipeline(
        engine,
        database,
        rules=[rule("one", run=["ops", "free"]), rule("two")],
        handlers=[bound(succeed), bound(succeed, "free")],
        loops={"ops": THREE},
    )
    await edit(pipeline, "a", 1)
    database.execute("UPDATE changes SET created_at = now() - interval '11 minutes'")
    for revision in (2, 3):
        await edit(pipeline, "a", revision)
    by_handler = "SELECT count(*), count(*) FILTER (WHERE status = 'done') FROM runs WHERE handler = %s"
    assert database.execute(by_handler, ("ops",)) == [(6, 5)], "two long ago, three since, the sixth is held"
    assert database.execute(by_handler, ("free",)) == [(3, 3)]
