import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from service.db.engine import open_engine
from service.ticks import repository as ticks
from service.ticks.repository import DueTick
from tests.fixtures.database import Database

HOUR = timedelta(hours=1)
LOST_AFTER = timedelta(milliseconds=50)
"""Shorter than the age of the tests' server: a young server would keep every lease. The living beat ahead."""


@pytest.fixture
async def engine(database: Database) -> AsyncIterator[AsyncEngine]:
    opened = open_engine(database.url, name="test", pool_size=8)
    yield opened
    await opened.dispose()


@pytest.fixture
def living(database: Database) -> UUID:
    return start_process(database, silent_for="-1 hour")


def start_process(database: Database, *, silent_for: str) -> UUID:
    process_id = uuid4()
    database.execute(
        "INSERT INTO processes (id, kind, host, pid, beat_at)"
        " VALUES (%s, 'job', '', 0, now() - %s::interval)",
        [process_id, silent_for],
    )
    return process_id


async def ensure(engine: AsyncEngine, name: str, every: timedelta = HOUR) -> None:
    async with engine.begin() as connection:
        await ticks.ensure(connection, name, "", every)


async def claim(engine: AsyncEngine) -> list[DueTick]:
    async with engine.begin() as connection:
        return await ticks.claim_due(connection)


async def take(engine: AsyncEngine, process_id: UUID, name: str = "retention") -> UUID | None:
    async with engine.begin() as connection:
        return await ticks.take_job(connection, name, "", process_id=process_id, lost_after=LOST_AFTER)


async def finish(engine: AsyncEngine, token: UUID) -> bool:
    async with engine.begin() as connection:
        return await ticks.finish_job(connection, token)


async def test_schedulers_together_claim_each_tick_once(engine: AsyncEngine) -> None:
    names = {f"tick-{number}" for number in range(40)}
    for name in names:
        await ensure(engine, name)
    rounds = await asyncio.gather(*(claim(engine) for _ in range(8)))
    claimed = [tick.name for round_ in rounds for tick in round_]
    assert sorted(claimed) == sorted(names)
    assert await claim(engine) == []


async def test_a_tick_can_be_hastened_and_keeps_its_period(engine: AsyncEngine) -> None:
    await ensure(engine, "drift")
    assert await claim(engine) == [DueTick("drift", "")]
    async with engine.begin() as connection:
        await ticks.hasten(connection, "drift", "")
        await ticks.hasten(connection, "drift", "nobody")
    assert await claim(engine) == [DueTick("drift", "")]
    assert await claim(engine) == []


async def test_a_tick_that_was_late_for_long_is_not_made_up_for(
    engine: AsyncEngine, database: Database
) -> None:
    await ensure(engine, "sweep", timedelta(seconds=10))
    database.execute("UPDATE ticks SET next_at = now() - interval '1 day'")
    assert await claim(engine) == [DueTick("sweep", "")]
    ((wait,),) = database.execute("SELECT extract(epoch FROM next_at - now())::float FROM ticks")
    assert 4 < wait <= 5


async def test_a_tick_in_time_keeps_its_rhythm(engine: AsyncEngine, database: Database) -> None:
    await ensure(engine, "sweep", timedelta(seconds=10))
    database.execute("UPDATE ticks SET next_at = now() - interval '1 s'")
    assert await claim(engine) == [DueTick("sweep", "")]
    ((wait,),) = database.execute("SELECT extract(epoch FROM next_at - now())::float FROM ticks")
    assert 8 < wait <= 9


async def test_ensuring_again_keeps_the_time_unless_the_period_is_shorter(
    engine: AsyncEngine, database: Database
) -> None:
    await ensure(engine, "sweep", HOUR)
    await claim(engine)
    (before,) = database.execute("SELECT every, next_at FROM ticks")
    await ensure(engine, "sweep", HOUR)
    assert database.execute("SELECT every, next_at FROM ticks") == [before]
    await ensure(engine, "sweep", timedelta(seconds=1))
    ((every, soon),) = database.execute("SELECT every, next_at <= now() + interval '1 s' FROM ticks")
    assert (every, soon) == (timedelta(seconds=1), True)


async def test_a_job_is_taken_once_and_only_when_it_was_called_for(engine: AsyncEngine, living: UUID) -> None:
    await ensure(engine, "retention")
    assert await take(engine, living) is None
    await claim(engine)
    token = await take(engine, living)
    assert token is not None
    assert await take(engine, uuid4()) is None
    assert await finish(engine, token)
    assert await take(engine, uuid4()) is None


async def test_workers_together_take_a_job_once(engine: AsyncEngine, database: Database) -> None:
    await ensure(engine, "retention")
    await claim(engine)
    processes = [start_process(database, silent_for="-1 hour") for _ in range(8)]
    tokens = await asyncio.gather(*(take(engine, process_id) for process_id in processes))
    assert len([token for token in tokens if token is not None]) == 1


@pytest.mark.parametrize("silent_for", ["1 s", None], ids=["silent", "gone"])
async def test_a_lost_workers_job_is_taken_over(
    engine: AsyncEngine, database: Database, living: UUID, silent_for: str | None
) -> None:
    lost = uuid4() if silent_for is None else start_process(database, silent_for=silent_for)
    await ensure(engine, "retention")
    await claim(engine)
    old = await take(engine, lost)
    assert old is not None
    new = await take(engine, living)
    assert new is not None
    assert not await finish(engine, old)
    assert await finish(engine, new)


async def test_a_lease_of_the_same_process_is_free_for_it(engine: AsyncEngine, living: UUID) -> None:
    await ensure(engine, "retention")
    await claim(engine)
    old = await take(engine, living)
    new = await take(engine, living)
    assert old is not None
    assert new is not None
    assert not await finish(engine, old)


async def test_a_job_given_up_is_still_called_for(engine: AsyncEngine, living: UUID) -> None:
    await ensure(engine, "retention")
    await claim(engine)
    token = await take(engine, living)
    assert token is not None
    async with engine.begin() as connection:
        await ticks.give_up_job(connection, token)
    assert await take(engine, uuid4()) is not None


async def test_overdue_are_the_jobs_called_for_long_ago_and_not_done(
    engine: AsyncEngine, database: Database
) -> None:
    for name in ("sweep", "done", "fresh", "late"):
        await ensure(engine, name)
    database.execute("UPDATE ticks SET wanted_at = now() - interval '31 s' WHERE name <> 'fresh'")
    database.execute("UPDATE ticks SET wanted_at = now() - interval '29 s' WHERE name = 'fresh'")
    database.execute("UPDATE ticks SET done_at = now() WHERE name = 'done'")
    async with engine.connect() as connection:
        late = await ticks.overdue(connection, patience=timedelta(seconds=30), without={"sweep"})
    assert late == [DueTick("late", "")]
