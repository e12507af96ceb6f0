import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from service.errors import LeaseLostError
from service.pipeline.jobs import Job, Jobs
from tests.fixtures.database import Database


@pytest.fixture
def process_id(database: Database) -> UUID:
    """A process whose beat is ahead, so that it is never lost."""
    process_id = uuid4()
    database.execute(
        "INSERT INTO processes (id, kind, host, pid, beat_at)"
        " VALUES (%s, 'job', '', 0, now() + interval '1 h')",
        [process_id],
    )
    return process_id


def want(database: Database, name: str = "tidy") -> None:
    database.execute(
        "INSERT INTO ticks (name, key, every, wanted_at) VALUES (%s, 'k', '1 h', now() - interval '1 s')",
        [name],
    )


def state(database: Database) -> tuple[bool, bool]:
    """Whether the job is done, and whether somebody holds it."""
    ((done, held),) = database.execute("SELECT done_at IS NOT NULL, holder IS NOT NULL FROM ticks")
    return done, held


def jobs(engine: AsyncEngine, process_id: UUID, job: Job) -> Jobs:
    return Jobs({"tidy": job}, engine, process_id=process_id, lost_after=timedelta(milliseconds=1))


async def test_a_job_is_done_once_for_each_call(
    engine: AsyncEngine, database: Database, process_id: UUID
) -> None:
    done: list[str] = []

    async def tidy(key: str) -> None:
        assert state(database) == (False, True)
        done.append(key)

    want(database)
    for _ in range(3):
        await jobs(engine, process_id, tidy).do("tidy", "k")
    assert done == ["k"]
    assert state(database) == (True, False)


async def test_doorbells_at_once_do_it_once(
    engine: AsyncEngine, database: Database, process_id: UUID
) -> None:
    """Also within one process, whose own lease is free for it."""
    done: list[str] = []

    async def tidy(key: str) -> None:
        done.append(key)
        await asyncio.sleep(0.05)

    want(database)
    here = jobs(engine, process_id, tidy)
    await asyncio.gather(*(here.do("tidy", "k") for _ in range(4)))
    assert done == ["k"]


async def test_a_job_that_fails_is_free_again(
    engine: AsyncEngine, database: Database, process_id: UUID
) -> None:
    async def tidy(key: str) -> None:
        raise ValueError(key)

    want(database)
    with pytest.raises(ValueError, match="k"):
        await jobs(engine, process_id, tidy).do("tidy", "k")
    assert state(database) == (False, False)


async def test_a_job_taken_over_meanwhile_is_not_marked(
    engine: AsyncEngine, database: Database, process_id: UUID
) -> None:
    async def tidy(_key: str) -> None:
        database.execute("UPDATE ticks SET token = %s, holder = %s", [uuid4(), uuid4()])

    want(database)
    with pytest.raises(LeaseLostError):
        await jobs(engine, process_id, tidy).do("tidy", "k")
    assert state(database) == (False, True)


async def test_an_unknown_job_is_left_to_those_who_know_it(
    engine: AsyncEngine, database: Database, process_id: UUID
) -> None:
    async def tidy(_key: str) -> None:
        raise AssertionError

    want(database, "of-a-newer-version")
    with capture_logs() as logs:
        await jobs(engine, process_id, tidy).do("of-a-newer-version", "k")
    assert [log["event"] for log in logs] == ["job.refused"]
    assert state(database) == (False, False)
