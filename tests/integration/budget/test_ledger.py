"""The ledger of calls on a real database: exact over many at once, and patient after a 429."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from service.budget.lanes import Lane, Limit
from service.budget.ledger import Ledger
from service.db.engine import open_engine
from service.errors import BudgetExhaustedError
from tests.fixtures.database import Database

ACCOUNT = "main"
LIMIT = Limit(20, timedelta(hours=1), reserve=0.25)
AT_ONCE = 40


@pytest.fixture
async def engine(database: Database) -> AsyncIterator[AsyncEngine]:
    opened = open_engine(database.url, name="test", pool_size=8)
    yield opened
    await opened.dispose()


def ledger(engine: AsyncEngine, account: str = ACCOUNT) -> Ledger:
    return Ledger(engine, account, LIMIT, longest=timedelta(seconds=30))


async def call(ledger: Ledger, status: int | None = 200, lane: Lane = Lane.SETTLE) -> datetime | None:
    """Make a call that is answered so. Where none is allowed: when the next one is."""
    try:
        async with ledger.meter(lane).call("GET /") as note_status:
            if status is not None:
                note_status(status)
    except BudgetExhaustedError as error:
        return error.free_at
    return None


def let_pass(database: Database) -> None:
    """Let the time of a block pass."""
    database.execute("UPDATE blocks SET blocked_until = now(), probe_until = least(probe_until, now())")


def blocked_for(database: Database) -> list[int]:
    return [seconds for (seconds,) in database.execute("SELECT seconds FROM blocks WHERE seconds > 0")]


async def test_calls_at_once_never_exceed_the_limit(engine: AsyncEngine, database: Database) -> None:
    """Each in a connection of its own, as from as many processes."""
    refused = await asyncio.gather(*(call(ledger(engine)) for _ in range(AT_ONCE)))
    assert sum(each is None for each in refused) == LIMIT.usable(Lane.SETTLE) == 15
    assert database.execute("SELECT count(*) FROM calls") == [(15,)]


async def test_the_reserve_is_for_registrations(engine: AsyncEngine) -> None:
    lanes = (Lane.SETTLE, Lane.REGISTRATIONS)
    made = [
        sum([await call(ledger(engine), lane=lane) is None for _ in range(LIMIT.calls)]) for lane in lanes
    ]
    assert made == [15, 5]


async def test_a_call_counts_for_the_window_and_a_little_longer(
    engine: AsyncEngine, database: Database
) -> None:
    free_at = None
    while free_at is None:
        free_at = await call(ledger(engine))
    ((first,),) = database.execute("SELECT min(finished_at) FROM calls")
    assert free_at - first >= LIMIT.window
    database.execute("UPDATE calls SET counts_until = now() WHERE finished_at = %s", [first])
    assert await call(ledger(engine)) is None
    assert await call(ledger(engine)) is not None


async def test_a_429_holds_all_calls_back_and_lets_one_try(engine: AsyncEngine, database: Database) -> None:
    assert await call(ledger(engine), 429) is None
    assert await call(ledger(engine)) is not None
    assert await call(ledger(engine, "other")) is None

    let_pass(database)
    async with ledger(engine).meter(Lane.SETTLE).call("GET /") as note_status:
        assert await call(ledger(engine)) is not None, "one tries, the others wait for what it is told"
        note_status(429)
    assert await call(ledger(engine)) is not None
    assert blocked_for(database) == [120]

    let_pass(database)
    assert await call(ledger(engine)) is None
    assert await call(ledger(engine)) is None
    assert blocked_for(database) == []


async def test_each_429_in_a_row_holds_back_for_longer_up_to_ten_minutes(
    engine: AsyncEngine, database: Database
) -> None:
    lengths = []
    for _ in range(6):
        assert await call(ledger(engine), 429) is None
        lengths += blocked_for(database)
        let_pass(database)
    assert lengths == [60, 120, 240, 480, 600, 600]


async def test_a_try_without_an_answer_lets_another_one_try(engine: AsyncEngine, database: Database) -> None:
    assert await call(ledger(engine), 429) is None
    let_pass(database)
    assert await call(ledger(engine), None) is None
    assert blocked_for(database) == [60]
    assert await call(ledger(engine), 200) is None
    assert blocked_for(database) == []
