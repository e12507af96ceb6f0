"""When a look begins, on a real database: at once, after a gather, evenly paced, in turns, after a rest."""

from datetime import timedelta

import pytest
from sqlalchemy.event import listen
from sqlalchemy.ext.asyncio import AsyncEngine

from service.budget.lanes import Limit
from service.errors import BatchTooLargeError, ProviderError, UnsortableError
from service.inbox.repository import READ_AHEAD
from service.pipeline.settling.turns import TURN_LASTS
from tests.fixtures.database import Database
from tests.fixtures.pipeline import ACCOUNT, APP, Pipeline
from tests.fixtures.waiting import wait_until_async

OTHER = "ib0001"
HOUR = timedelta(hours=1)
TWENTY = Limit(20, HOUR, reserve=0.0)
"""Steady: a call every 180 s."""
STEADY = 180.0


@pytest.fixture
def twenty(engine: AsyncEngine, database: Database) -> Pipeline:
    """A relay whose provider has every record, and twenty calls an hour."""
    made = Pipeline(engine, database, limit=TWENTY)
    made.provider.truth = {name: {"id": name, "rev": 1} for name in names(600)}
    return made


def names(count: int, prefix: str = "r") -> list[str]:
    return [f"{prefix}{number}" for number in range(count)]


def next_in(database: Database, app_id: str = APP) -> float:
    ((seconds,),) = database.execute(
        "SELECT extract(epoch FROM next_at - now())::float FROM slots WHERE app_id = %s AND token IS NULL",
        [app_id],
    )
    return float(seconds)


async def test_while_budget_is_plentiful_nobody_waits(twenty: Pipeline) -> None:
    settler = twenty.settler(twenty.process())
    twenty.spend(1, began=0, back_in=3600)
    for name in ("r1", "r2"):
        twenty.deliver(name)
        await settler.settle(ACCOUNT, APP)
    assert twenty.provider.asked == [["r1"], ["r2"]]


async def test_what_comes_within_a_gather_goes_along(engine: AsyncEngine, database: Database) -> None:
    pipeline = Pipeline(engine, database, gather=1.0)
    pipeline.provider.truth = {name: {"id": name, "rev": 1} for name in names(3)}
    settler = pipeline.settler(pipeline.process())
    pipeline.deliver("r0")
    await settler.settle(ACCOUNT, APP)
    for name in ("r1", "r2"):
        pipeline.deliver(name)
        await settler.settle(ACCOUNT, APP)
    assert pipeline.provider.asked == [["r0"]], "the first at once, the others not yet"
    await wait_until_async(lambda: bool(pipeline.bells.apps))
    await settler.settle(ACCOUNT, APP)
    assert pipeline.provider.asked == [["r0"], ["r1", "r2"]]
    ((seconds,),) = database.execute(
        "SELECT extract(epoch FROM max(started_at) - min(finished_at))::float FROM calls"
    )
    assert seconds >= 1.0


async def test_no_gather_before_a_full_batch(engine: AsyncEngine, database: Database) -> None:
    pipeline = Pipeline(engine, database, gather=3600)
    pipeline.deliver_many(names(160))
    settler = pipeline.settler(pipeline.process())
    for _ in range(3):
        await settler.settle(ACCOUNT, APP)
    assert [len(ids) for ids in pipeline.provider.asked] == [50, 100], "10 are left, and wait for more"
    assert next_in(database) > 3500


async def test_what_does_not_fit_is_spread(twenty: Pipeline, database: Database) -> None:
    twenty.spend(15, began=10, back_in=3600)
    twenty.deliver_many(names(600))
    settler = twenty.settler(twenty.process())
    await settler.settle(ACCOUNT, APP)
    assert twenty.provider.asked == []
    gap = 3600 / 6  # six calls from the last one on, and none comes back for an hour
    assert gap - 120 < next_in(database) <= gap - 10
    twenty.database.execute(
        "UPDATE calls SET started_at = started_at - past, counts_until = counts_until - past"
        " FROM make_interval(secs => %s) AS past",
        [gap],
    )
    database.execute("UPDATE slots SET next_at = now()")
    await settler.settle(ACCOUNT, APP)
    assert [len(ids) for ids in twenty.provider.asked] == [50]


async def test_a_full_batch_that_fits_goes_at_once(twenty: Pipeline) -> None:
    twenty.spend(12, began=0, back_in=3600)
    twenty.deliver_many(names(100))
    await twenty.settler(twenty.process()).settle(ACCOUNT, APP)
    assert [len(ids) for ids in twenty.provider.asked] == [50]


async def test_one_that_is_not_full_waits_and_grows(twenty: Pipeline, database: Database) -> None:
    twenty.spend(3, began=0, back_in=3600)
    twenty.deliver("r0")
    settler = twenty.settler(twenty.process())
    await settler.settle(ACCOUNT, APP)
    assert twenty.provider.asked == []
    assert STEADY < next_in(database) <= 212, "it spent more than a tenth at once"
    twenty.deliver("r1")
    database.execute("UPDATE calls SET started_at = started_at - interval '212 seconds'")
    database.execute("UPDATE slots SET next_at = now()")
    await settler.settle(ACCOUNT, APP)
    assert twenty.provider.asked == [["r0", "r1"]]


async def test_the_most_urgent_app_looks_first(twenty: Pipeline, database: Database) -> None:
    settler = twenty.settler(twenty.process())
    twenty.spend(15, began=0, back_in=3600)
    twenty.deliver_many(names(500), app_id=OTHER, waited=100)
    await settler.settle(ACCOUNT, OTHER)
    assert next_in(database, OTHER) > 590, "calls are spread: it waits for a call"
    twenty.deliver("r0")
    database.execute("UPDATE calls SET started_at = started_at - interval '718 seconds'")
    await settler.settle(ACCOUNT, APP)
    assert twenty.provider.asked == []
    assert twenty.bells.apps == {(ACCOUNT, OTHER)}
    assert 0 < next_in(database) <= TURN_LASTS
    await settler.settle(ACCOUNT, OTHER)
    assert [len(ids) for ids in twenty.provider.asked] == [50], "its slot was opened for it"


async def test_a_turn_that_is_not_taken_is_lost(twenty: Pipeline, database: Database) -> None:
    settler = twenty.settler(twenty.process())
    twenty.spend(15, began=718, back_in=3600)
    twenty.deliver_many(names(500), app_id=OTHER, waited=100)
    twenty.deliver("r0")
    await settler.settle(ACCOUNT, APP)
    assert twenty.provider.asked == []
    database.execute("UPDATE calls SET started_at = started_at - make_interval(secs => %s)", [TURN_LASTS])
    database.execute("UPDATE slots SET next_at = now()")
    await settler.settle(ACCOUNT, APP)
    assert twenty.provider.asked == [["r0"]]


@pytest.mark.parametrize("state", ["held", "failing"])
async def test_who_can_not_look_has_no_turn(twenty: Pipeline, database: Database, state: str) -> None:
    twenty.spend(15, began=718, back_in=3600)
    twenty.deliver_many(names(500), app_id=OTHER, waited=100)
    twenty.deliver("r0")
    database.execute("INSERT INTO slots (account, app_id) VALUES (%s, %s)", (ACCOUNT, OTHER))
    if state == "held":
        database.execute("UPDATE slots SET token = gen_random_uuid(), holder = %s", [twenty.process()])
    else:
        database.execute("UPDATE slots SET failures = 1, next_at = now() + interval '1 minute'")
    await twenty.settler(twenty.process()).settle(ACCOUNT, APP)
    assert twenty.provider.asked == [["r0"]]


async def test_deliveries_of_a_record_that_rests_wait_for_it(engine: AsyncEngine, database: Database) -> None:
    pipeline = Pipeline(engine, database)
    pipeline.provider.truth = {name: {"id": name, "rev": 1} for name in "ab"}
    database.execute(
        "INSERT INTO records (account, app_id, record_id, rest_until)"
        " VALUES (%s, %s, 'a', now() + interval '1.5 seconds')",
        (ACCOUNT, APP),
    )
    for name in ("a", "b", "a"):
        pipeline.deliver(name)
    settler = pipeline.settler(pipeline.process())
    await settler.settle(ACCOUNT, APP)
    assert pipeline.provider.asked == [["b"]]
    waiting = "SELECT status, due_at = rest_until FROM deliveries JOIN records USING (record_id)"
    assert database.execute(f"{waiting} WHERE record_id = 'a'") == [("pending", True)] * 2
    pipeline.bells.apps.clear()
    pipeline.deliver("a")
    await settler.settle(ACCOUNT, APP)
    assert pipeline.provider.asked == [["b"]]
    await wait_until_async(lambda: bool(pipeline.bells.apps))
    await settler.settle(ACCOUNT, APP)
    assert pipeline.provider.asked == [["b"], ["a"]]
    assert database.execute("SELECT count(*) FROM deliveries WHERE status <> 'settled'") == [(0,)]


async def test_a_storm_on_one_record_hides_no_other(engine: AsyncEngine, database: Database) -> None:
    pipeline = Pipeline(engine, database)
    pipeline.provider.truth = {"b": {"id": "b", "rev": 1}}
    database.execute(
        "INSERT INTO records (account, app_id, record_id, rest_until)"
        " VALUES (%s, %s, 'a', now() + interval '1 hour')",
        (ACCOUNT, APP),
    )
    pipeline.deliver_many(["a"] * (READ_AHEAD + 1), waited=10)
    pipeline.deliver("b")
    await pipeline.settler(pipeline.process()).settle(ACCOUNT, APP)
    assert pipeline.bells.apps == {(ACCOUNT, APP)}, "not all was read"
    await pipeline.drain()
    assert pipeline.provider.asked == [["b"]]
    assert pipeline.bells.apps == set()


async def test_records_asked_for_alone_wait_for_their_own_calls(
    engine: AsyncEngine, database: Database
) -> None:
    pipeline = Pipeline(engine, database, limit=Limit(1000, HOUR))
    pipeline.provider.truth = {"b": {"id": "b", "rev": 1}}
    pipeline.spend(50, began=60, back_in=1800, lane="confirm")
    pipeline.deliver("gone")
    await pipeline.drain()
    pipeline.deliver("b")
    await pipeline.drain()
    assert pipeline.provider.asked[-1] == ["b"]
    assert len(set(map(tuple, pipeline.provider.asked[:-1]))) == 1
    assert database.execute(
        "SELECT record_id, status, due_at > now() + interval '29 minutes' FROM deliveries ORDER BY id"
    ) == [("gone", "recheck", True), ("b", "settled", False)]
    assert database.execute("SELECT DISTINCT lane FROM calls WHERE started_at > now() - interval '30 s'") == [
        ("settle",)
    ]


async def test_the_sweep_rings_where_a_timer_was_lost_with_its_process(
    twenty: Pipeline, database: Database
) -> None:
    twenty.spend(15, began=0, back_in=3600)
    twenty.deliver_many(names(600))
    process = twenty.process()
    await twenty.settler(process).settle(ACCOUNT, APP)
    twenty.lose(process)
    await twenty.sweep().sweep()
    assert twenty.bells.apps == set(), "its pause is not over"
    database.execute("UPDATE slots SET next_at = now() - interval '1 second'")
    await twenty.sweep().sweep()
    assert twenty.bells.apps == {(ACCOUNT, APP)}


async def test_a_page_settles_what_it_shows_and_leaves_the_rest_due(
    engine: AsyncEngine, database: Database
) -> None:
    pipeline = Pipeline(engine, database)
    pipeline.provider.truth = {name: {"id": name, "rev": 1} for name in names(450)}
    database.execute(
        "INSERT INTO slots (account, app_id, batch_ceiling, ceiling_until)"
        " VALUES (%s, %s, 51, now() + interval '1 day')",
        (ACCOUNT, APP),
    )
    database.execute(
        "INSERT INTO records (account, app_id, record_id, rest_until)"
        " VALUES (%s, %s, 'r449', now() + interval '1 hour')",
        (ACCOUNT, APP),
    )
    pipeline.deliver_many(names(450))
    pipeline.deliver("r448", "delete")
    settler = pipeline.settler(pipeline.process())
    await settler.settle(ACCOUNT, APP)
    assert (pipeline.provider.listed, pipeline.provider.asked) == ([0], [])
    settled = database.execute(
        "SELECT count(*), count(DISTINCT change_id), count(DISTINCT call_id), min(looks)"
        " FROM deliveries WHERE status = 'settled'"
    )
    assert settled == [(198, 198, 1, 1)], "the page shows 200, of which one rests and one may be deleted"
    assert database.execute(
        "SELECT DISTINCT status, looks, call_id, outcome FROM deliveries WHERE status <> 'settled'"
    ) == [("pending", 0, None, None)]
    assert pipeline.bells.apps == {(ACCOUNT, APP)}
    await pipeline.drain()
    assert pipeline.provider.listed == [0, 190, 380]
    assert database.execute("SELECT record_id FROM deliveries WHERE status <> 'settled'") == [("r449",)]
    assert pipeline.provider.asked == [["r448"]]
    assert database.execute("SELECT endpoint FROM calls ORDER BY id") == [
        ("GET records",),
        ("GET records",),
        ("GET records",),
        ("POST filter",),
    ]


async def test_records_that_rest_are_put_off_with_few_statements(
    twenty: Pipeline, database: Database
) -> None:
    twenty.deliver_many(names(300))
    database.execute("UPDATE deliveries SET looks = 3")
    database.execute(
        "INSERT INTO records (account, app_id, record_id, rest_until)"
        " SELECT account, app_id, record_id, now() + interval '1 hour' FROM deliveries"
    )
    statements = list[str]()

    def note(_: object, __: object, statement: str, *___: object) -> None:
        statements.append(statement)

    listen(twenty.engine.sync_engine, "before_cursor_execute", note)
    await twenty.settler(twenty.process()).settle(ACCOUNT, APP)
    assert len(statements) < 20, "each is asked for alone, but not each whether it rests"
    assert twenty.provider.asked == []
    assert database.execute("SELECT count(*) FROM deliveries WHERE due_at > now()") == [(300,)]


@pytest.mark.parametrize(
    "error", [UnsortableError("no such field"), BatchTooLargeError("its page is too large")]
)
async def test_where_there_is_no_such_list_ids_are_asked_for(
    engine: AsyncEngine, database: Database, error: ProviderError
) -> None:
    pipeline = Pipeline(engine, database)
    pipeline.provider.truth = {name: {"id": name, "rev": 1} for name in names(300)}
    pipeline.provider.failures = [error]
    database.execute(
        "INSERT INTO slots (account, app_id, batch_ceiling, ceiling_until)"
        " VALUES (%s, %s, 51, now() + interval '1 day')",
        (ACCOUNT, APP),
    )
    pipeline.deliver_many(names(300))
    await pipeline.drain()
    assert pipeline.provider.listed == [0]
    assert len(pipeline.provider.asked) == 6
    assert database.execute("SELECT count(*) FROM deliveries WHERE status <> 'settled'") == [(0,)]
