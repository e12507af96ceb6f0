"""Results that are stored together: one transaction, and nobody suffers from the others."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from service.db.driver import driver_of
from service.errors import LeaseLostError
from service.handlers.claims import ClaimedRun, Claiming, claim_runs
from service.handlers.marking import Mark
from service.lifecycle import AttemptOutcome, RunStatus
from service.pipeline.running.results import Results
from tests.fixtures.database import Database
from tests.fixtures.rows import ACCOUNT, APP, Rows
from tests.fixtures.waiting import wait_until_async

READY, WAITING, DONE, DEAD = RunStatus.READY, RunStatus.WAITING, RunStatus.DONE, RunStatus.DEAD
WELL = Mark(AttemptOutcome.DONE, DONE, detail={"status": 200})


@pytest.fixture
def rows(database: Database) -> Rows:
    return Rows(database)


async def claim(engine: AsyncEngine, most: int = 10, *, concurrency: int = 10) -> list[ClaimedRun]:
    async with engine.begin() as connection:
        claim = await claim_runs(
            await driver_of(connection),
            Claiming("ops", concurrency),
            most=most,
            token=uuid4(),
            holder=uuid4(),
        )
    return [run for run, _ in claim.runs]


def statuses(rows: Rows, run_ids: Sequence[UUID]) -> list[str]:
    return [rows.status(run_id) for run_id in run_ids]


async def test_those_that_end_together_share_a_transaction(
    engine: AsyncEngine, database: Database, rows: Rows
) -> None:
    runs = [rows.run(READY, record=record) for record in "abc"]
    next_ones = [rows.run(WAITING, record=record) for record in "abc"]
    results = Results(engine)
    await asyncio.gather(*(results.store(run, WELL) for run in await claim(engine)))
    assert statuses(rows, runs) == [DONE] * 3
    assert statuses(rows, next_ones) == [READY] * 3
    assert database.execute("SELECT count(DISTINCT xmin::text) FROM runs") == [(1,)]
    assert (
        database.execute("SELECT outcome, detail->>'status', finished_at IS NOT NULL FROM attempts")
        == [("done", "200", True)] * 3
    )


async def test_each_is_marked_as_it_ended(engine: AsyncEngine, database: Database, rows: Rows) -> None:
    for record in "abcd":
        rows.run(READY, record=record)
        rows.run(WAITING, record=record)
    in_an_hour, in_two = timedelta(hours=1), datetime.now(UTC) + timedelta(hours=2)
    marks = [
        WELL,
        Mark(AttemptOutcome.FAILED, READY, next_in=in_an_hour, error="not now"),
        Mark(AttemptOutcome.DEFERRED, READY, next_in=in_an_hour, not_before=in_two, error="no budget"),
        Mark(AttemptOutcome.FAILED, DEAD, error="never"),
    ]
    results = Results(engine)
    await asyncio.gather(*map(results.store, await claim(engine), marks))
    assert database.execute(
        "SELECT status, attempts, error, round(extract(epoch FROM next_at - now()) / 3600)::int,"
        " finished_at IS NOT NULL, token IS NULL FROM runs"
        " WHERE attempts > 0 OR error IS NOT NULL ORDER BY seq"
    ) == [
        ("done", 1, None, 0, True, True),
        ("ready", 1, "not now", 1, False, True),
        ("ready", 0, "no budget", 2, False, True),
        ("dead", 1, "never", 0, True, True),
    ]
    assert database.execute("SELECT status FROM runs WHERE attempts = 0 AND error IS NULL ORDER BY seq") == [
        ("ready",),
        ("waiting",),
        ("waiting",),
        ("ready",),
    ]


async def test_one_waits_for_its_record_and_the_others_do_not(
    engine: AsyncEngine, database: Database, rows: Rows
) -> None:
    runs = [rows.run(READY, record=record) for record in "abc"]
    results = Results(engine)
    with psycopg.connect(database.url) as somebody:
        somebody.execute("SELECT FROM records WHERE record_id = 'b' FOR UPDATE")
        storing = [asyncio.create_task(results.store(run, WELL)) for run in await claim(engine)]
        await asyncio.wait_for(asyncio.gather(storing[0], storing[2]), 5)
        assert statuses(rows, runs) == [DONE, "running", DONE]
        assert not storing[1].done()
    await storing[1]
    assert rows.status(runs[1]) == DONE


async def test_a_run_that_is_stored_while_its_record_is_waited_for_is_let_go(
    engine: AsyncEngine, database: Database, rows: Rows
) -> None:
    """Settling holds the record, finds the first run unfinished, and stores a second one that waits."""
    rows.run(READY, record="a")
    results = Results(engine)
    with psycopg.connect(database.url) as settling:
        settling.execute("SELECT FROM records WHERE record_id = 'a' FOR UPDATE")
        (run,) = await claim(engine)
        storing = asyncio.create_task(results.store(run, WELL))
        await wait_until_async(lambda: is_waited_for(database))
        change_id = rows.change("b")
        settling.execute(
            "INSERT INTO runs (id, change_id, account, app_id, record_id, rule, handler, status)"
            " VALUES (%s, %s, %s, %s, 'a', 'urgent', 'ops', 'waiting')",
            (second := uuid4(), change_id, ACCOUNT, APP),
        )
    await storing
    assert rows.status(second) == READY


def is_waited_for(database: Database) -> bool:
    return database.execute(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    ) == [(1,)]


async def test_what_cannot_be_stored_fails_nobody_else(engine: AsyncEngine, rows: Rows) -> None:
    runs = [rows.run(READY, record=record) for record in "abc"]
    marks = [WELL, Mark(AttemptOutcome.FAILED, DEAD, error="a NUL \x00"), WELL]
    results = Results(engine)
    ended = await asyncio.gather(*map(results.store, await claim(engine), marks), return_exceptions=True)
    assert [type(one) for one in ended] == [type(None), psycopg.errors.UntranslatableCharacter, type(None)]
    assert statuses(rows, runs) == [DONE, "running", DONE]


async def test_who_lost_its_run_is_told_and_the_others_are_stored(
    engine: AsyncEngine, database: Database, rows: Rows
) -> None:
    runs = [rows.run(READY, record=record) for record in "abc"]
    claimed = await claim(engine)
    database.execute("UPDATE runs SET token = gen_random_uuid() WHERE record_id = 'b'")
    waiting = rows.run(WAITING, record="b")
    results = Results(engine)
    ended = await asyncio.gather(*(results.store(run, WELL) for run in claimed), return_exceptions=True)
    assert [type(one) for one in ended] == [type(None), LeaseLostError, type(None)]
    assert statuses(rows, [*runs, waiting]) == [DONE, "running", DONE, WAITING]
    assert database.execute("SELECT count(*) FROM attempts WHERE outcome IS NULL") == [(1,)]


async def test_a_run_that_is_claimed_again_is_marked_by_its_new_holder_only(
    engine: AsyncEngine, database: Database, rows: Rows
) -> None:
    """Both its old and its new attempt end in this process, at the same moment."""
    run_id = rows.run(READY, record="a")
    (old,) = await claim(engine)
    database.execute("UPDATE runs SET status = 'ready', token = NULL")
    (new,) = await claim(engine)
    results = Results(engine)
    ended = await asyncio.gather(
        results.store(old, Mark(AttemptOutcome.FAILED, DEAD)),
        results.store(new, WELL),
        return_exceptions=True,
    )
    assert [type(one) for one in ended] == [LeaseLostError, type(None)]
    assert rows.status(run_id) == DONE
    assert database.execute("SELECT number, outcome FROM attempts ORDER BY number") == [
        (1, None),
        (2, "done"),
    ]


@pytest.mark.parametrize("claims", [2, 5])
async def test_claims_at_once_never_exceed_the_concurrency(
    engine: AsyncEngine, database: Database, rows: Rows, claims: int
) -> None:
    for number in range(12):
        rows.run(READY, record=f"r{number}")
    claimed = await asyncio.gather(*(claim(engine, 4, concurrency=7) for _ in range(claims)))
    assert sum(map(len, claimed)) == 7
    assert len({run.id for runs in claimed for run in runs}) == 7
    assert database.execute("SELECT count(*) FROM runs WHERE status = 'running'") == [(7,)]
    assert database.execute("SELECT count(*) FROM attempts WHERE number = 1") == [(7,)]


async def test_the_longest_due_are_claimed_first_and_their_attempts_count_on(
    engine: AsyncEngine, database: Database, rows: Rows
) -> None:
    runs = [rows.run(READY, record=record, attempts=1) for record in "abc"]
    for minutes, run_id in enumerate(runs):
        database.execute(
            "UPDATE runs SET next_at = now() - make_interval(mins => %s) WHERE id = %s", (minutes, run_id)
        )
        database.execute(
            "INSERT INTO attempts (run_id, number, token, process_id) VALUES (%s, 4, %s, %s)",
            (run_id, uuid4(), uuid4()),
        )
    claimed = await claim(engine, 2)
    assert [run.id for run in claimed] == [runs[2], runs[1]]
    assert [(run.number, run.attempts) for run in claimed] == [(5, 2)] * 2
