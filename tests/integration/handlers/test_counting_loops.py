"""Which runs are a sign of a loop, and which of those that were held are let go."""

from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from service.handlers.loops import HELD_UNTIL, Suspect, count_recent, let_held_go
from service.lifecycle import RunStatus
from tests.fixtures.database import Database
from tests.fixtures.rows import ACCOUNT, APP, Rows

DONE = RunStatus.DONE


@pytest.fixture
def rows(database: Database) -> Rows:
    return Rows(database)


async def count(engine: AsyncEngine, runs: int = 1, **other: str) -> int:
    """How often `ops` ran for `r1` within ten minutes, where `runs` are a loop."""
    suspect = Suspect(other.get("record_id", "r1"), other.get("handler", "ops"), runs, timedelta(minutes=10))
    async with engine.connect() as connection:
        (counted,) = await count_recent(connection, ACCOUNT, APP, [suspect])
    return counted


async def test_runs_of_this_record_and_handler_count(engine: AsyncEngine, rows: Rows) -> None:
    for status in (DONE, RunStatus.READY, RunStatus.DEAD):
        rows.run(status)
    rows.run(DONE, record="r2")
    rows.run(DONE, handler="other")
    assert await count(engine) == 3
    assert await count(engine, record_id="r2") == await count(engine, handler="other") == 1
    assert await count(engine, handler="never") == 0


@pytest.mark.parametrize(
    "otherwise",
    [
        "UPDATE runs SET replay = 1 WHERE id = %s",
        "UPDATE runs SET status = 'skipped' WHERE id = %s",
        "UPDATE changes SET app_id = 'other' WHERE id = (SELECT change_id FROM runs WHERE id = %s)",
        "UPDATE changes SET account = 'other' WHERE id = (SELECT change_id FROM runs WHERE id = %s)",
        "UPDATE changes SET created_at = '2026-01-01' WHERE id = (SELECT change_id FROM runs WHERE id = %s)",
    ],
)
async def test_what_is_no_sign_of_a_loop_does_not(
    engine: AsyncEngine, database: Database, rows: Rows, otherwise: str
) -> None:
    rows.run(DONE)
    database.execute(otherwise, (rows.run(DONE),))
    assert await count(engine) == 1


async def test_what_ran_before_the_handler_was_resumed_does_not(
    engine: AsyncEngine, database: Database, rows: Rows
) -> None:
    rows.run(DONE)
    database.execute("UPDATE changes SET created_at = now() - interval '2 minutes'")
    rows.run(DONE)
    database.execute(
        "INSERT INTO handler_states (handler, resumed_at) VALUES ('ops', now() - interval '1 minute')"
    )
    assert await count(engine) == 1


async def test_changes_without_a_run_hide_none(engine: AsyncEngine, rows: Rows) -> None:
    for _ in range(20):
        rows.change("r1")
    rows.run(DONE)
    rows.change("r1")
    assert await count(engine) == 1


async def test_no_more_than_this_handlers_unfinished_runs_are_let_go(
    engine: AsyncEngine, database: Database, rows: Rows
) -> None:
    ready, waiting = rows.run(RunStatus.READY), rows.run(RunStatus.WAITING)
    given_up, other = rows.run(RunStatus.DISCARDED), rows.run(RunStatus.READY, handler="other")
    database.execute("UPDATE runs SET next_at = %s, error = 'held: a loop'", (HELD_UNTIL,))
    delayed = rows.run(RunStatus.READY, record="r2")
    database.execute(
        "UPDATE runs SET next_at = now() + interval '1 hour', error = 'busy' WHERE id = %s", (delayed,)
    )
    async with engine.begin() as connection:
        assert await let_held_go(connection, "ops") == 2
    due = "SELECT id, error FROM runs WHERE next_at <= clock_timestamp()"
    assert set(database.execute(due)) == {(ready, None), (waiting, None)}
    kept = "SELECT id, error FROM runs WHERE next_at > clock_timestamp()"
    assert set(database.execute(kept)) == {
        (given_up, "held: a loop"),
        (other, "held: a loop"),
        (delayed, "busy"),
    }
