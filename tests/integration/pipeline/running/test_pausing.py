"""What a person does about a handler: pause it, resume it."""

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from service.handlers.states import held_back
from service.handlers.types import Failed
from service.lifecycle import RunStatus
from service.pipeline.running.handlers import pause, resume
from service.rules.discipline import Breaker
from tests.fixtures.database import Database
from tests.fixtures.pipeline import Pipeline, bound
from tests.fixtures.rows import Rows


async def test_a_paused_handlers_runs_wait_and_none_is_lost(engine: AsyncEngine, database: Database) -> None:
    pipeline, rows = Pipeline(engine, database), Rows(database)
    runs = [rows.run(RunStatus.READY, record="a"), rows.run(RunStatus.WAITING, record="a")]
    assert await pause(engine, "ops", because="the shop is closed")
    assert not await pause(engine, "ops")
    await pipeline.drain()
    assert [rows.status(run_id) for run_id in runs] == ["ready", "waiting"]
    async with engine.connect() as connection:
        (standing,) = await held_back(connection)
    assert (standing.handler, standing.paused_because) == ("ops", "the shop is closed")
    await resume(engine, "ops")
    async with engine.connect() as connection:
        assert await held_back(connection) == []
    await pipeline.drain()
    assert [rows.status(run_id) for run_id in runs] == ["done", "done"]
    assert database.execute("SELECT count(*) FROM attempts") == [(2,)]


async def test_resuming_one_handler_ends_no_other_alarm(engine: AsyncEngine, database: Database) -> None:
    for name, subject in (
        ("loop_held", "ops/a"),
        ("loop_held", "ops2/a"),
        ("handler_failing", "ops"),
        ("handler_failing", "ops2"),
        ("rule_broken", "ops/a"),
    ):
        database.execute(
            "INSERT INTO alarms (name, subject, message, untold) VALUES (%s, %s, '', false)", (name, subject)
        )
    await resume(engine, "ops")
    lasting = "SELECT name, subject FROM alarms WHERE cleared_at IS NULL ORDER BY name"
    assert database.execute(lasting) == [
        ("handler_failing", "ops2"),
        ("loop_held", "ops2/a"),
        ("rule_broken", "ops/a"),
    ]


async def test_resuming_closes_the_breaker_and_ends_its_alarm(
    engine: AsyncEngine, database: Database
) -> None:
    async def fail(*_: object) -> Failed:
        return Failed("no answer")

    once = Breaker(failures=1, pause=timedelta(hours=1))
    retry = (timedelta(hours=1),)
    pipeline, rows = (
        Pipeline(engine, database, handlers=[bound(fail, breaker=once, retry=retry, concurrency=1)]),
        Rows(database),
    )
    for record in "ab":
        rows.run(RunStatus.READY, record=record)
    await pipeline.drain()
    assert database.execute("SELECT sum(attempts) FROM runs") == [(1,)]
    assert (await resume(engine, "ops")).held == 0
    assert database.execute("SELECT count(*) FROM alarms WHERE cleared_at IS NULL") == [(0,)]
    await pipeline.drain()
    assert database.execute("SELECT sum(attempts) FROM runs") == [(2,)]
    assert database.execute("SELECT count(*) FROM alarms WHERE cleared_at IS NULL") == [(1,)]
