"""The ledger of calls on a real database: exact over many at once, and patient after a 429."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

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


@pytest.mark.parametrize(
    ("lane", "share"), [(Lane.HANDLERS, 6), (Lane.RECONCILE, 4), (Lane.CONFIRM, 1), (Lane.BACKFILL, 9)]
)
async def test_a_lane_never_exceeds_its_share(engine: AsyncEngine, lane: Lane, share: int) -> None:
    refused = await asyncio.gather(*(call(ledger(engine), lane=lane) for _ in range(AT_ONCE)))
    assert sum(each is None for each in refused) == share
    assert await call(ledger(engine)) is None, "what matters more finds a call all the same"


async def test_lanes_at_once_leave_calls_to_what_matters_more(
    engine: AsyncEngine, database: Database
) -> None:
    lanes = [Lane.BACKFILL, Lane.RECONCILE, Lane.HANDLERS, Lane.EXPAND, Lane.CONFIRM]
    await asyncio.gather(*(call(ledger(engine), lane=lane) for lane in lanes * 8))
    made = dict(database.execute("SELECT lane, count(*) FROM calls GROUP BY lane"))
    assert sum(made.values()) == LIMIT.usable(Lane.EXPAND) == 14
    assert all(made[lane] <= (LIMIT.own(lane) or LIMIT.usable(lane)) for lane in made)
    assert await call(ledger(engine)) is None
    assert await call(ledger(engine)) is not None


async def test_a_call_of_a_killed_process_counts_until_it_could_no_longer_be_accepted(
    engine: AsyncEngine, database: Database
) -> None:
    async with engine.begin() as connection:
        await ledger(engine).reserve(connection, Lane.SETTLE, "GET /")
    ((lasts,),) = database.execute("SELECT counts_until - started_at FROM calls")
    assert timedelta(0) <= lasts - (LIMIT.window + timedelta(seconds=30)) < timedelta(seconds=1)


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


def teach(database: Database, ceiling: int, *, lasts: str) -> None:
    """Store what a refusal taught whose block is over."""
    database.execute(
        "INSERT INTO blocks (account, blocked_until, seconds, ceiling, ceiling_until)"
        " VALUES (%s, now(), 0, %s, now() + CAST(%s AS interval))",
        [ACCOUNT, ceiling, lasts],
    )


def ceilings(database: Database) -> list[int]:
    return [ceiling for (ceiling,) in database.execute("SELECT ceiling FROM blocks")]


async def test_as_many_calls_as_were_accepted_are_the_limit_for_a_window(
    engine: AsyncEngine, database: Database
) -> None:
    for status in (200, 200, 404, 200, 200, 200, 200, None, 429):
        assert await call(ledger(engine), status) is None
    assert ceilings(database) == [7 + 1], "those accepted, and the refused one, which counts too"
    ((lasts,),) = database.execute("SELECT ceiling_until - blocked_until FROM blocks")
    assert timedelta(0) <= lasts - (LIMIT.window - timedelta(seconds=58)) < timedelta(seconds=1)
    let_pass(database)
    assert await call(ledger(engine)) is not None, "9 count, and the ceiling leaves settling 6"
    assert await call(ledger(engine, "other")) is None
    database.execute("DELETE FROM calls WHERE id NOT IN (SELECT id FROM calls WHERE status = 200 LIMIT 5)")
    assert await call(ledger(engine)) is None
    assert await call(ledger(engine)) is not None


async def test_after_a_window_calls_beyond_the_ceiling_go_one_at_a_time(
    engine: AsyncEngine, database: Database
) -> None:
    teach(database, 2, lasts="0 s")
    async with ledger(engine).meter(Lane.SETTLE).call("GET /") as first:
        async with ledger(engine).meter(Lane.SETTLE).call("GET /") as second:
            async with ledger(engine).meter(Lane.SETTLE).call("GET /") as third:
                asked = datetime.now(UTC)
                again_at = await call(ledger(engine))
                assert again_at is not None, "the third is beyond the ceiling, and not answered yet"
                assert again_at - asked < timedelta(seconds=5)
                third(200)
            second(200)
        first(200)
    assert ceilings(database) == [3]
    for made in range(4, 16):
        assert await call(ledger(engine)) is None
        assert ceilings(database) == ([made] if made < 15 else []), "at settling's own share it is over"


async def test_a_refused_call_beyond_the_ceiling_begins_anew(engine: AsyncEngine, database: Database) -> None:
    teach(database, 1, lasts="0 s")
    for _ in range(6):
        assert await call(ledger(engine)) is None
    assert await call(ledger(engine), 429) is None
    assert (ceilings(database), blocked_for(database)) == ([7], [60])


async def test_an_old_lesson_is_forgotten(engine: AsyncEngine, database: Database) -> None:
    teach(database, 5, lasts="-59 min")
    assert await call(ledger(engine)) is None
    assert ceilings(database) == [5]
    database.execute("UPDATE blocks SET ceiling_until = now() - interval '1 h'")
    assert await call(ledger(engine)) is None
    assert ceilings(database) == []
