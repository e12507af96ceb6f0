"""When runs may begin: handlers that are paused, that fail, and that have a rate."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from service.changes.types import Change
from service.db.driver import driver_of
from service.db.engine import open_engine
from service.handlers.claims import CATCH_UP, Claiming, claim_runs
from service.handlers.context import Context
from service.handlers.repository import handlers_to_run
from service.handlers.types import Discard, Failed
from service.lifecycle import RunStatus
from service.rules.discipline import Breaker
from tests.fixtures.database import Database
from tests.fixtures.pipeline import Pipeline, bound, succeed
from tests.fixtures.rows import Rows
from tests.fixtures.waiting import wait_until_async

READY, RUNNING = RunStatus.READY, RunStatus.RUNNING
THREE = Breaker(failures=3, pause=timedelta(seconds=60))
Handling = Callable[[Change, Context], Any]
NEVER_AGAIN = (timedelta(hours=1),) * 20


@pytest.fixture
async def engine(database: Database) -> AsyncIterator[AsyncEngine]:
    opened = open_engine(database.url, name="test", pool_size=10)
    yield opened
    await opened.dispose()


@pytest.fixture
def rows(database: Database) -> Rows:
    return Rows(database)


class Failing:
    """A handler that fails as long as it is told to."""

    def __init__(self) -> None:
        self.broken = True
        self.calls = 0

    async def __call__(self, _change: Change, _context: Context) -> Failed | None:
        self.calls += 1
        return Failed("no answer") if self.broken else None


async def claim(engine: AsyncEngine, most: int = 100, **settings: Any) -> tuple[int, float | None]:
    """How many runs of `ops` a claim takes, and when it says that the next one can begin."""
    async with engine.begin() as connection:
        claim = await claim_runs(
            await driver_of(connection),
            Claiming("ops", **{"concurrency": 100, **settings}),
            most=most,
            token=uuid4(),
            holder=uuid4(),
        )
    return len(claim.runs), claim.next_in


def state(database: Database) -> dict[str, Any]:
    names = "failures_in_row, opened_at IS NOT NULL, round(extract(epoch FROM probe_at - now()))::int"
    ((failures, is_open, probe_in),) = database.execute(f"SELECT {names} FROM handler_states")
    return {"failures": failures, "open": is_open, "probe_in": probe_in}


def let_probe(database: Database) -> None:
    database.execute("UPDATE handler_states SET probe_at = now() - interval '1 ms'")


def alarms(database: Database) -> list[tuple[Any, ...]]:
    return database.execute("SELECT name, subject, cleared_at IS NULL FROM alarms ORDER BY id")


async def test_no_run_of_a_paused_handler_begins_and_nobody_is_rung_for_it(
    engine: AsyncEngine, database: Database, rows: Rows
) -> None:
    rows.run(READY)
    rows.run(READY, handler="other", record="r2")
    database.execute("INSERT INTO handler_states (handler, paused_at) VALUES ('ops', now())")
    assert await claim(engine) == (0, None)
    async with engine.connect() as connection:
        assert await handlers_to_run(connection) == ["other"]
    database.execute("UPDATE handler_states SET paused_at = NULL")
    assert (await claim(engine))[0] == 1


async def test_a_claim_says_when_the_next_run_is_due(
    engine: AsyncEngine, database: Database, rows: Rows
) -> None:
    assert await claim(engine) == (0, None)
    rows.run(READY)
    database.execute("UPDATE runs SET next_at = now() + interval '20 s'")
    taken, next_in = await claim(engine)
    assert taken == 0
    assert next_in is not None
    assert 19 < next_in <= 20
    rows.run(RUNNING, record="r2")
    assert await claim(engine, concurrency=1) == (0, None), "who ends looks for the next one"


async def test_a_rate_is_kept_at_an_even_pace(engine: AsyncEngine, database: Database, rows: Rows) -> None:
    for number in range(30):
        rows.run(READY, record=f"r{number}")
    ten_a_second = timedelta(seconds=0.1)
    taken, next_in = await claim(engine, every=ten_a_second)
    assert taken == 2, "one that is due, and one that was missed"
    assert next_in is not None
    assert 0 < next_in <= 0.1
    assert (await claim(engine, every=timedelta(hours=1)))[0] == 0
    database.execute("UPDATE handler_states SET next_start_at = now() - interval '1 day'")
    assert (await claim(engine, every=timedelta(milliseconds=10)))[0] == 11, (
        "what was missed long ago is gone"
    )
    database.execute("UPDATE handler_states SET next_start_at = now() + interval '1 day'")
    assert (await claim(engine))[0] == 17, "without a rate nobody waits for it"


async def test_claims_at_once_never_exceed_a_rate(engine: AsyncEngine, rows: Rows) -> None:
    for number in range(30):
        rows.run(READY, record=f"r{number}")
    claims = await asyncio.gather(*(claim(engine, 4, every=timedelta(seconds=20)) for _ in range(5)))
    assert sum(taken for taken, _ in claims) == 1


async def test_a_rate_is_reached_with_timers_only(engine: AsyncEngine, database: Database) -> None:
    """No sweep rings here: who had to wait rings when the next run may begin."""
    pipeline = Pipeline(engine, database, handlers=[bound(succeed, every=timedelta(seconds=0.02))])
    rows = Rows(database)
    for number in range(30):
        rows.run(READY, record=f"r{number}")
    runner = pipeline.runner(pipeline.process())
    while database.execute("SELECT count(*) FROM runs WHERE status <> 'done'") != [(0,)]:
        await wait_until_async(
            lambda: pipeline.bells.handlers or not database.execute("SELECT 1 FROM attempts")
        )
        pipeline.bells.handlers.clear()
        await runner.run("ops")
    begun = [moment for (moment,) in database.execute("SELECT started_at FROM attempts ORDER BY id")]
    assert len(begun) == 30
    for behind in range(1, 30):
        for first, later in zip(begun, begun[behind:], strict=False):
            assert later - first >= behind * timedelta(seconds=0.02) - CATCH_UP


async def with_failing_runs(
    engine: AsyncEngine, database: Database, handler: Handling, **settings: Any
) -> Pipeline:
    rows = Rows(database)
    for number in range(8):
        rows.run(READY, record=f"r{number}")
    given = {"retry": NEVER_AGAIN, "breaker": THREE, "concurrency": 1, **settings}
    return Pipeline(engine, database, handlers=[bound(handler, **given)])


async def test_a_handler_that_fails_is_left_alone_until_one_try_succeeds(
    engine: AsyncEngine, database: Database
) -> None:
    handler = Failing()
    pipeline = await with_failing_runs(engine, database, handler)
    runner = pipeline.runner(pipeline.process())
    await runner.run("ops")
    assert handler.calls == 3, "those that wait spend no attempt"
    assert database.execute("SELECT count(*) FROM runs WHERE attempts = 0 AND status = 'ready'") == [(5,)]
    assert state(database) == {"failures": 3, "open": True, "probe_in": 60}
    assert alarms(database) == [("handler_failing", "ops", True)]
    ((message,),) = database.execute("SELECT message FROM alarms")
    assert message.startswith(
        "handler ops failed 3 times in a row, at last with: no answer; its runs wait: one is tried at 2"
    )
    async with engine.connect() as connection:
        assert await handlers_to_run(connection) == []
    for tries, probe_in in enumerate((120, 240, 480, 600, 600), start=4):
        let_probe(database)
        await runner.run("ops")
        assert handler.calls == tries, "exactly one is tried"
        assert state(database) == {"failures": tries, "open": True, "probe_in": probe_in}
    database.execute("UPDATE runs SET next_at = now()")
    handler.broken = False
    let_probe(database)
    await runner.run("ops")
    assert database.execute("SELECT status, count(*) FROM runs GROUP BY 1") == [("done", 8)]
    assert state(database) == {"failures": 0, "open": False, "probe_in": None}
    assert alarms(database) == [("handler_failing", "ops", False)]


async def test_one_try_over_all_processes(engine: AsyncEngine, database: Database, rows: Rows) -> None:
    for number in range(8):
        rows.run(READY, record=f"r{number}")
    database.execute(
        "INSERT INTO handler_states (handler, failures_in_row, opened_at, probe_at)"
        " VALUES ('ops', 3, now() - interval '1 h', now() - interval '1 s')"
    )
    claims = await asyncio.gather(*(claim(engine, 4, breaks=True) for _ in range(5)))
    assert sum(taken for taken, _ in claims) == 1
    assert (await claim(engine, 2))[0] == 2, "who has no breaker any more takes what there is"


async def test_what_began_before_the_breaker_opened_neither_lengthens_the_pause_nor_is_the_try(
    engine: AsyncEngine, database: Database
) -> None:
    """Eight fail at once: three open it, the other five tell nothing new."""
    handler = Failing()
    pipeline = await with_failing_runs(engine, database, handler, concurrency=8)
    await pipeline.drain()
    assert handler.calls == 8
    assert state(database) == {"failures": 3, "open": True, "probe_in": 60}


async def test_a_success_in_between_begins_the_count_anew(engine: AsyncEngine, database: Database) -> None:
    calls: list[bool] = []

    async def now_and_then(_change: Change, _context: Context) -> Failed | None:
        calls.append(len(calls) % 3 == 2)
        return None if calls[-1] else Failed("no answer")

    pipeline = await with_failing_runs(engine, database, now_and_then)
    await pipeline.drain()
    assert len(calls) == 8
    assert state(database) == {"failures": 2, "open": False, "probe_in": None}
    assert alarms(database) == []


@pytest.mark.parametrize("deed", [Discard("not for us"), Failed("410 Gone", dead=True)])
async def test_what_is_about_the_run_blames_no_handler(
    engine: AsyncEngine, database: Database, deed: Discard | Failed
) -> None:
    async def act(_change: Change, _context: Context) -> Failed:
        if isinstance(deed, Exception):
            raise deed
        return deed

    pipeline = await with_failing_runs(engine, database, act)
    await pipeline.drain()
    assert database.execute("SELECT count(*) FROM runs WHERE status = 'ready'") == [(0,)]
    assert database.execute("SELECT count(*) FROM handler_states") == [(0,)]


async def test_timeouts_and_lost_attempts_count(engine: AsyncEngine, database: Database, rows: Rows) -> None:
    async def hang(_change: Change, _context: Context) -> None:
        await asyncio.Event().wait()

    pipeline = await with_failing_runs(
        engine,
        database,
        hang,
        timeout=timedelta(milliseconds=20),
        breaker=Breaker(failures=2, pause=timedelta(seconds=60)),
    )
    rows.run(RUNNING, record="lost", attempts=1)
    database.execute("UPDATE runs SET holder = gen_random_uuid() WHERE status = 'running'")
    await pipeline.sweep().sweep()
    assert state(database)["failures"] == 1
    await pipeline.runner(pipeline.process()).run("ops")
    assert state(database) == {"failures": 2, "open": True, "probe_in": 60}


async def test_without_a_breaker_nothing_is_counted(engine: AsyncEngine, database: Database) -> None:
    handler = Failing()
    pipeline = await with_failing_runs(engine, database, handler, breaker=None)
    await pipeline.drain()
    assert handler.calls == 8
    assert database.execute("SELECT count(*) FROM handler_states") == [(0,)]


async def test_others_go_on_beside_a_handler_that_fails(engine: AsyncEngine, database: Database) -> None:
    handler, done = Failing(), []

    async def work(change: Change, _context: Context) -> None:
        done.append(change.record_id)

    pipeline = Pipeline(
        engine,
        database,
        handlers=[
            bound(handler, "ops", retry=NEVER_AGAIN, breaker=THREE),
            bound(work, "well", breaker=THREE),
        ],
    )
    rows = Rows(database)
    for number in range(8):
        rows.run(READY, record=f"r{number}")
        rows.run(READY, record=f"r{number}", handler="well")
    runner = pipeline.runner(pipeline.process())
    await asyncio.gather(runner.run("ops"), runner.run("well"))
    await pipeline.drain()
    assert len(done) == 8
    assert database.execute("SELECT handler FROM handler_states") == [("ops",)]
