"""What is kept of handlers: pauses, failures in a row, and when one run is tried."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from service.handlers.states import (
    LONGEST_PAUSE,
    Failure,
    held_back,
    note_failure,
    note_success,
    pause_handler,
    resume_handler,
)
from service.lifecycle import RunStatus
from service.rules.discipline import Breaker
from tests.fixtures.database import Database
from tests.fixtures.rows import Rows

_STATE = """INSERT INTO handler_states (handler, failures_in_row, opened_at, probe_at, resumed_at) VALUES
    (%s, %s, now() - interval '1 day', now() - interval '1 s', now() - interval '1 day')"""


@pytest.fixture
def attempted(database: Database) -> UUID:
    """A run whose first attempt begins now: after any moment at which one was to be tried."""
    return Rows(database).run(RunStatus.RUNNING)


def open_breaker(database: Database, failures: int, handler: str = "ops") -> None:
    """Let the breaker be open since yesterday, and one run be due to be tried."""
    database.execute(_STATE, (handler, failures))


async def fail(engine: AsyncEngine, run_id: UUID, breaker: Breaker) -> Failure | None:
    async with engine.begin() as connection:
        return await note_failure(connection, "ops", breaker, run_id=run_id, number=1)


def minutes_to_probe(database: Database) -> int:
    ((minutes,),) = database.execute(
        "SELECT round(extract(epoch FROM probe_at - now()) / 60)::int FROM handler_states"
    )
    return int(minutes)


async def test_those_that_do_not_begin_as_they_come_are_listed_by_name(
    engine: AsyncEngine, database: Database
) -> None:
    database.execute("INSERT INTO handler_states (handler, failures_in_row) VALUES ('works', 2)")
    open_breaker(database, 3, "fails")
    async with engine.begin() as connection:
        await pause_handler(connection, "asleep", None)
        listed = await held_back(connection)
    assert [(each.handler, each.paused_at is None, each.opened_at is None) for each in listed] == [
        ("asleep", False, True),
        ("fails", True, False),
    ]


async def test_resuming_forgets_all_that_was_counted(engine: AsyncEngine, database: Database) -> None:
    open_breaker(database, 3)
    open_breaker(database, 4, "other")
    async with engine.begin() as connection:
        await pause_handler(connection, "ops", "tired")
        await resume_handler(connection, "ops")
    forgotten = "SELECT failures_in_row, opened_at, probe_at, paused_at, paused_because FROM handler_states"
    assert database.execute(f"{forgotten} WHERE handler = 'ops'") == [(0, None, None, None, None)]
    resumed = "SELECT handler FROM handler_states WHERE resumed_at > now() - interval '1 minute'"
    assert database.execute(resumed) == [("ops",)]
    assert database.execute("SELECT failures_in_row FROM handler_states WHERE handler = 'other'") == [(4,)]


async def test_a_breaker_is_open_since_it_was_opened_first(
    engine: AsyncEngine, database: Database, attempted: UUID
) -> None:
    open_breaker(database, 3)
    since = database.execute("SELECT opened_at FROM handler_states")
    failure = await fail(engine, attempted, Breaker(failures=3))
    assert failure is not None
    assert failure.in_row == 4
    assert database.execute("SELECT opened_at FROM handler_states") == since


@pytest.mark.parametrize(
    ("before", "pause", "minutes"),
    [
        (3, timedelta(minutes=1), 2),
        (2_000_000, timedelta(minutes=1), LONGEST_PAUSE / timedelta(minutes=1)),
        (2_000_000, timedelta(hours=1), 60),
    ],
)
async def test_the_pause_grows_to_ten_minutes_but_never_below_its_own(
    engine: AsyncEngine, database: Database, attempted: UUID, *, before: int, pause: timedelta, minutes: int
) -> None:
    open_breaker(database, before)
    assert await fail(engine, attempted, Breaker(failures=3, pause=pause)) is not None
    assert minutes_to_probe(database) == minutes


async def test_a_breaker_may_open_at_once(engine: AsyncEngine, database: Database, attempted: UUID) -> None:
    failure = await fail(engine, attempted, Breaker(failures=1, pause=timedelta(minutes=5)))
    assert failure is not None
    assert minutes_to_probe(database) == 5
    assert database.execute("SELECT opened_at IS NOT NULL FROM handler_states") == [(True,)]


async def test_a_failure_that_opens_nothing_says_so(engine: AsyncEngine, attempted: UUID) -> None:
    for in_row in (1, 2):
        assert await fail(engine, attempted, Breaker(failures=3)) == Failure(in_row, None)


@pytest.mark.parametrize(("is_open", "told"), [(True, True), (False, False)])
async def test_a_success_tells_whether_it_closed_the_breaker(
    engine: AsyncEngine, database: Database, is_open: bool, told: bool
) -> None:
    open_breaker(database, 3)
    if not is_open:
        database.execute("UPDATE handler_states SET opened_at = NULL, probe_at = NULL")
    async with engine.begin() as connection:
        assert await note_success(connection, "ops") is told
        assert await note_success(connection, "ops") is False, "there is nothing left to forget"
        assert await note_success(connection, "never failed") is False
    state: list[tuple[Any, ...]] = database.execute(
        "SELECT failures_in_row, opened_at, probe_at FROM handler_states"
    )
    assert state == [(0, None, None)]


async def test_a_lost_try_of_an_unknown_run_is_not_counted_while_it_is_open(
    engine: AsyncEngine, database: Database
) -> None:
    open_breaker(database, 3)
    assert await fail(engine, uuid4(), Breaker(failures=3)) is None
    assert database.execute("SELECT failures_in_row FROM handler_states") == [(3,)]
