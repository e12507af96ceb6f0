"""What a look at a handler's runs says, writes and reads back."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from service.db.driver import driver_of
from service.handlers.claims import Claim, Claiming, claim_runs, read_claimed_runs
from service.lifecycle import RunStatus
from tests.fixtures.database import Database
from tests.fixtures.rows import Rows

OPS = Claiming("ops", 10)
READY, RUNNING = RunStatus.READY, RunStatus.RUNNING


@pytest.fixture
def rows(database: Database) -> Rows:
    return Rows(database)


async def claim(
    engine: AsyncEngine, claiming: Claiming = OPS, *, most: int = 10, token: UUID | None = None
) -> Claim:
    async with engine.begin() as connection:
        driver = await driver_of(connection)
        return await claim_runs(driver, claiming, most=most, token=token or uuid4(), holder=uuid4())


def hold_back(database: Database, **until: str) -> None:
    """Store something of `ops`; its values are SQL."""
    columns, values = ", ".join(until), ", ".join(until.values())
    database.execute(f"INSERT INTO handler_states (handler, {columns}) VALUES ('ops', {values})")


TOMORROW = "now() + interval '1 day'"


@pytest.mark.parametrize(
    ("held", "claiming", "hours"),
    [
        ({"next_start_at": TOMORROW}, OPS, 1),
        ({"next_start_at": TOMORROW}, replace(OPS, every=timedelta(seconds=1)), 24),
        ({"opened_at": "now()", "probe_at": TOMORROW}, OPS, 1),
        ({"opened_at": "now()", "probe_at": TOMORROW}, replace(OPS, breaks=True), 24),
        ({"opened_at": "now()", "probe_at": "now() - interval '1 s'"}, replace(OPS, breaks=True), 1),
        ({"paused_at": "now()"}, OPS, None),
    ],
)
async def test_the_next_one_begins_when_all_that_holds_it_back_lets_it(
    engine: AsyncEngine,
    database: Database,
    rows: Rows,
    *,
    held: dict[str, str],
    claiming: Claiming,
    hours: int | None,
) -> None:
    rows.run(READY)
    database.execute("UPDATE runs SET next_at = now() + interval '1 hour'")
    hold_back(database, **held)
    found = await claim(engine, claiming)
    assert found.runs == []
    assert (None if found.next_in is None else round(found.next_in / 3600)) == hours


async def test_while_one_is_tried_nobody_waits_for_another_try(
    engine: AsyncEngine, database: Database, rows: Rows
) -> None:
    rows.run(READY)
    rows.run(RUNNING, record="r2")
    hold_back(database, opened_at="now()", probe_at="now() - interval '1 s'")
    assert await claim(engine, replace(OPS, breaks=True)) == Claim([], None)


async def test_a_look_that_takes_nothing_writes_nothing(engine: AsyncEngine, database: Database) -> None:
    assert await claim(engine, replace(OPS, every=timedelta(seconds=1))) == Claim([], None)
    assert database.execute("SELECT count(*) FROM handler_states") == [(0,)]


async def test_those_that_are_due_longest_come_first(
    engine: AsyncEngine, database: Database, rows: Rows
) -> None:
    runs = [rows.run(READY, record=f"r{number}") for number in range(4)]
    for ago, run in zip((2, 3, 1, 2), runs, strict=True):
        database.execute(
            "UPDATE runs SET next_at = '2026-01-10'::timestamptz - make_interval(days => %s) WHERE id = %s",
            (ago, run),
        )
    first = await claim(engine, most=3)
    assert [run.id for run, _ in first.runs] == [runs[1], runs[0], runs[3]]
    attempts: list[tuple[Any, ...]] = database.execute("SELECT run_id FROM attempts ORDER BY id")
    assert [run_id for (run_id,) in attempts] == [runs[1], runs[0], runs[3]]


async def test_a_claim_is_read_back_by_its_token_alone(
    engine: AsyncEngine, database: Database, rows: Rows
) -> None:
    """For whoever never heard whether it was committed: its second attempt, and nobody else's runs."""
    run = rows.run(READY)
    first, second, others = uuid4(), uuid4(), uuid4()
    await claim(engine, token=first)
    database.execute("UPDATE runs SET status = 'ready', token = NULL")
    claimed = await claim(engine, token=second)
    rows.run(READY, record="r2")
    await claim(engine, token=others)
    async with engine.begin() as connection:
        driver = await driver_of(connection)
        assert await read_claimed_runs(driver, "ops", second) == claimed.runs
        assert await read_claimed_runs(driver, "ops", first) == []
        assert await read_claimed_runs(driver, "other", second) == []
    ((read, _),) = claimed.runs
    assert (read.id, read.number, read.attempts) == (run, 2, 2)
