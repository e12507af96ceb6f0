"""What is measured in a real database, and that measuring stays cheap however large it has grown."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from service.alarms.repository import AlarmName, raise_alarm
from service.budget.lanes import Lane
from service.budget.ledger import Ledger
from service.errors import BudgetExhaustedError
from service.lifecycle import RunStatus
from service.pipeline.probes.figures import Figures, measure
from tests.fixtures.database import Database
from tests.fixtures.probing import ACCOUNT, APP, LIMIT, store_healthy
from tests.fixtures.rows import Rows
from tests.fixtures.waiting import wait_until

ROWS = 20_000
LOST_AFTER = timedelta(seconds=15)


@pytest.fixture
def rows(database: Database) -> Rows:
    store_healthy(database)
    return Rows(database)


async def measured(engine: AsyncEngine) -> Figures:
    return await measure(engine, {ACCOUNT: LIMIT}, lost_after=LOST_AFTER)


@pytest.mark.usefixtures("rows")
async def test_a_relay_with_nothing_to_do(engine: AsyncEngine) -> None:
    found = await measured(engine)
    assert {kind: beats.alive for kind, beats in found.beats.items()} == dict.fromkeys(found.beats, 1)
    assert {beats.silence for beats in found.beats.values()} == {timedelta(0)}
    assert {tick.name: (tick.unclaimed, tick.undone) for tick in found.ticks} == {
        name: (timedelta(0), None) for name in ("overdue", "retention", "sweep")
    }
    assert (found.deliveries.unfinished, found.deliveries.dead, found.deliveries.due) == (0, 0, ())
    assert (set(found.runs.unfinished.values()), found.runs.dead, found.runs.ready) == ({0}, 0, ())
    assert (found.budgets[ACCOUNT].used, found.budgets[ACCOUNT].free_at) == (0, None)
    assert len(found.registrations) == 3
    assert found.alarms == []


async def test_a_process_is_silent_since_its_last_beat(engine: AsyncEngine, database: Database) -> None:
    started = "pg_postmaster_start_time()"
    for kind, beat in (("run", "-1 h"), ("job", "1 ms"), ("job", "-1 h")):
        database.execute(
            "INSERT INTO processes (id, kind, host, pid, beat_at)"
            f" VALUES (%s, %s, 'here', 1, {started} + CAST(%s AS interval))",
            [uuid4(), kind, beat],
        )
    ((age,),) = database.execute(f"SELECT now() - {started}")
    found = await measured(engine)
    # A server that was away takes nobody's beats for missing: nobody is silent for longer than it is up.
    assert (found.beats["run"].silence or timedelta(0)) >= age
    assert (found.beats["run"].silence or timedelta(0)) < age + timedelta(minutes=1)
    assert found.beats["job"].silence is not None
    assert found.beats["settle"].silence is None


async def test_the_longest_due_of_each_app_and_handler(
    engine: AsyncEngine, database: Database, rows: Rows
) -> None:
    for minutes in (1, 5, 3):
        first = rows.delivery(status="pending")
        database.execute(
            "UPDATE deliveries SET due_at = now() - %s WHERE id = %s", [timedelta(minutes=minutes), first]
        )
    later = rows.delivery(status="recheck")
    database.execute("UPDATE deliveries SET app_id = 'later', due_at = now() + '1 h' WHERE id = %s", [later])
    rows.delivery(status="dead")
    for handler, minutes in (("ops", 2), ("ops", 7), ("audit", -5)):
        run = rows.run(RunStatus.READY, handler=handler)
        database.execute(
            "UPDATE runs SET next_at = now() - %s WHERE id = %s", [timedelta(minutes=minutes), run]
        )
    for status in (RunStatus.WAITING, RunStatus.RUNNING, RunStatus.DEAD, RunStatus.DONE):
        rows.run(status)
    found = await measured(engine)
    assert [(each.app_id, each.age // timedelta(minutes=1)) for each in found.deliveries.due] == [(APP, 5)]
    assert (found.deliveries.unfinished, found.deliveries.dead) == (4, 1)
    ages = {each.handler: each.age and each.age // timedelta(minutes=1) for each in found.runs.ready}
    assert ages == {"ops": 7, "audit": None}
    assert {status: number for status, number in found.runs.unfinished.items() if number} == {
        RunStatus.READY: 3,
        RunStatus.WAITING: 1,
        RunStatus.RUNNING: 1,
    }
    assert found.runs.dead == 1


@pytest.mark.usefixtures("rows")
async def test_a_budget_is_used_until_none_is_left(engine: AsyncEngine) -> None:
    ledger = Ledger(engine, ACCOUNT, LIMIT, longest=timedelta(seconds=30))
    free_at = None
    for made in range(LIMIT.calls):
        assert (await measured(engine)).budgets[ACCOUNT].used == made
        try:
            async with engine.begin() as connection:
                await ledger.reserve(connection, Lane.SETTLE, "GET /")
        except BudgetExhaustedError as error:
            free_at = error.free_at
            break
    usage = (await measured(engine)).budgets[ACCOUNT]
    assert (usage.used, usage.usable, usage.limit) == (9, 9, 10)
    assert usage.free_at == free_at
    assert (usage.blocked_until, usage.exhausted_at) == (None, None)
    assert usage.lanes == {**dict.fromkeys(Lane, 0), Lane.SETTLE: 9}


async def test_calls_that_go_on_like_this_exhaust_the_budget(engine: AsyncEngine) -> None:
    ledger = Ledger(engine, ACCOUNT, LIMIT, longest=timedelta(seconds=30))
    for lane in (Lane.SETTLE, Lane.SETTLE, Lane.PEOPLE):
        async with ledger.meter(lane).call("GET /") as note_status:
            note_status(200)
    usage = (await measured(engine)).budgets[ACCOUNT]
    assert usage.free_at is None
    assert usage.exhausted_at is not None
    assert usage.exhausted_at - usage.moment == timedelta(minutes=10), "3 calls in five minutes, 6 are left"
    assert usage.next_back_at is not None
    assert usage.next_back_at - usage.moment > timedelta(minutes=59)
    assert (usage.lanes[Lane.SETTLE], usage.lanes[Lane.PEOPLE]) == (2, 1)


async def test_a_ceiling_is_the_limit_while_it_lasts(
    engine: AsyncEngine, database: Database, rows: Rows
) -> None:
    assert rows.versions == 0
    database.execute(
        "INSERT INTO blocks (account, blocked_until, seconds, ceiling, ceiling_until)"
        " VALUES (%s, now(), 0, 5, now() + '1 min')",
        [ACCOUNT],
    )
    usage = (await measured(engine)).budgets[ACCOUNT]
    assert (usage.limit, usage.configured, usage.blocked_until) == (5, 10, None)
    assert usage.ceiling_until is not None
    database.execute("UPDATE blocks SET ceiling_until = now()")
    usage = (await measured(engine)).budgets[ACCOUNT]
    assert (usage.limit, usage.ceiling_until) == (10, None)


async def test_a_block_is_seen_while_it_lasts(engine: AsyncEngine, database: Database, rows: Rows) -> None:
    assert rows.versions == 0
    database.execute(
        "INSERT INTO blocks (account, blocked_until, seconds) VALUES (%s, now() + '1 min', 60)", [ACCOUNT]
    )
    assert (await measured(engine)).budgets[ACCOUNT].blocked_until is not None
    database.execute("UPDATE blocks SET blocked_until = now() - interval '1 s'")
    assert (await measured(engine)).budgets[ACCOUNT].blocked_until is None


@pytest.mark.usefixtures("rows")
async def test_lasting_alarms_are_told(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await raise_alarm(connection, AlarmName.FIELD_GONE, ACCOUNT, "a field is gone")
    assert [alarm.message for alarm in (await measured(engine)).alarms] == ["a field is gone"]


async def test_late_ticks(engine: AsyncEngine, database: Database, rows: Rows) -> None:
    assert rows.versions == 0
    database.execute(
        "UPDATE ticks SET next_at = now() - interval '1 min', wanted_at = now() - interval '2 s',"
        " done_at = now() - interval '1 h 20 min'"
    )
    found = {tick.name: tick for tick in (await measured(engine)).ticks}
    assert found["sweep"].unclaimed >= timedelta(minutes=1)
    assert timedelta(minutes=79) < (found["sweep"].undone or timedelta(0)) < timedelta(minutes=81)
    assert timedelta(minutes=20) <= (found["retention"].undone or timedelta(0)) < timedelta(minutes=21)


@pytest.mark.parametrize("believed", ["done", "unfinished"])
async def test_measuring_scans_no_table_whatever_the_planner_believes(
    engine: AsyncEngine, database: Database, rows: Rows, believed: str
) -> None:
    """Statistics may be from a moment at which everything was unfinished; the rows are all done now."""
    _fill(database, rows)
    unfinished = believed == "unfinished"
    if not unfinished:
        _finish(database)
    database.execute("ANALYZE")
    if unfinished:
        _finish(database)
    database.execute("VACUUM deliveries, runs, calls")
    before = _scans(database)
    await measured(engine)
    await engine.dispose()  # a server process tells its statistics at its end
    wait_until(lambda: _scans(database)["deliveries"][1] > before["deliveries"][1])
    after = _scans(database)
    assert {table: scans for table, (scans, _) in after.items()} == {
        table: scans for table, (scans, _) in before.items()
    }


def _fill(database: Database, rows: Rows) -> None:
    change = rows.change()
    database.execute(
        "INSERT INTO deliveries (registration_id, account, app_id, record_id, request_id)"
        " SELECT %s, %s, 'app' || number %% 5, 'r' || number, %s FROM generate_series(1, %s) AS number",
        [uuid4(), ACCOUNT, uuid4(), ROWS],
    )
    database.execute(
        "INSERT INTO runs (id, change_id, account, app_id, record_id, rule, handler, status)"
        " SELECT gen_random_uuid(), %s, %s, %s, 'r' || number, 'rule' || number, 'ops', 'ready'"
        " FROM generate_series(1, %s) AS number",
        [change, ACCOUNT, APP, ROWS],
    )
    database.execute(
        "INSERT INTO calls (account, lane, endpoint, counts_until)"
        " SELECT %s, 'settle', 'GET /', now() + interval '1 h' FROM generate_series(1, %s)",
        [ACCOUNT, ROWS],
    )


def _finish(database: Database) -> None:
    database.execute("UPDATE deliveries SET status = 'settled', settled_at = now()")
    database.execute("UPDATE runs SET status = 'done', finished_at = now()")
    database.execute("UPDATE calls SET counts_until = now() - interval '1 h'")


def _scans(database: Database) -> dict[str, tuple[int, int]]:
    found = database.execute(
        "SELECT relname, seq_scan, idx_scan FROM pg_stat_user_tables"
        " WHERE relname IN ('deliveries', 'runs', 'calls')"
    )
    return {table: (scans, by_index) for table, scans, by_index in found}
