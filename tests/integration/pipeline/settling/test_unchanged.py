"""Rules with `unchanged`: they run also when the provider tells of a record and nothing differs."""

from collections.abc import Sequence

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from service.changes.types import Change, Origin
from service.handlers.context import Context
from service.own_writes.repository import note_write
from service.pipeline.settling.sights import Sights, store_sights
from service.records.repository import next_sight
from service.rules.schema import Rule
from service.rules.value_hashes import hash_value
from tests.fixtures.database import Database
from tests.fixtures.pipeline import ACCOUNT, APP, AT_ONCE, LATER, Pipeline, bound, rule, succeed

CHANGES = "SELECT version, kind, diff, deliveries FROM changes ORDER BY version"
RUNS = "SELECT rule, version FROM runs JOIN changes ON changes.id = change_id ORDER BY seq"


class Called:
    """A handler that remembers what it was called with."""

    def __init__(self) -> None:
        self.changes: list[Change] = []

    async def __call__(self, change: Change, _: Context) -> None:
        self.changes.append(change)


@pytest.fixture
def called() -> Called:
    return Called()


@pytest.fixture
def telling(engine: AsyncEngine, database: Database, called: Called) -> Pipeline:
    return relay(engine, database, called, [rule("each-time", unchanged=True), rule("plain")])


def relay(engine: AsyncEngine, database: Database, called: Called, rules: Sequence[Rule]) -> Pipeline:
    made = Pipeline(engine, database, rules=rules, handlers=[bound(called)])
    made.watch()
    made.provider.truth["a"] = {"id": "a", "rev": 1}
    return made


async def hinted(pipeline: Pipeline, times: int = 1) -> None:
    """Tell of the record, and let everything come to its end."""
    for _ in range(times):
        pipeline.deliver("a")
    await pipeline.drain()


async def test_it_runs_when_nothing_differs_and_other_rules_do_not(
    telling: Pipeline, database: Database, called: Called
) -> None:
    await hinted(telling)
    await hinted(telling)
    assert database.execute(CHANGES) == [(1, "update", None, 1), (2, "update", {}, 1)]
    assert database.execute(RUNS) == [("each-time", 1), ("plain", 1), ("each-time", 2)]
    assert (called.changes[-1].diff, called.changes[-1].record) == ({}, {"id": "a", "rev": 1})
    assert database.execute("SELECT verdicts FROM changes WHERE version = 2") == [
        ({"each-time": None, "plain": "changed"},)
    ]


async def test_once_for_several_deliveries_that_are_settled_together(
    telling: Pipeline, database: Database
) -> None:
    await hinted(telling)
    await hinted(telling, times=3)
    assert database.execute(CHANGES)[1:] == [(2, "update", {}, 3)]
    assert database.execute(
        "SELECT outcome, count(*) FROM deliveries JOIN changes ON changes.id = change_id"
        " WHERE version = 2 GROUP BY outcome"
    ) == [("changed", 3)]


async def test_the_next_difference_is_told_as_ever(telling: Pipeline, database: Database) -> None:
    await hinted(telling, times=1)
    await hinted(telling)
    telling.provider.truth["a"] = {"id": "a", "rev": 2}
    await hinted(telling)
    assert [row[:3] for row in database.execute(CHANGES)] == [
        (1, "update", None),
        (2, "update", {}),
        (3, "update", {"rev": [1, 2]}),
    ]
    assert database.execute("SELECT version, fields FROM records") == [(3, {"id": "a", "rev": 2})]


async def test_a_delivery_that_is_asked_again_tells_nothing_yet(
    telling: Pipeline, database: Database
) -> None:
    await hinted(telling)
    telling.recheck = LATER
    await hinted(telling)
    assert database.execute("SELECT status FROM deliveries ORDER BY id DESC LIMIT 1") == [("recheck",)]
    assert len(database.execute(CHANGES)) == 1
    telling.recheck = AT_ONCE
    database.execute("UPDATE deliveries SET due_at = now() WHERE status = 'recheck'")
    await telling.drain()
    assert database.execute(CHANGES)[1:] == [(2, "update", {}, 1)]


async def test_without_such_a_rule_nothing_is_stored(
    engine: AsyncEngine, database: Database, called: Called
) -> None:
    elsewhere = rule("each-time", app="iother", unchanged=True)
    pipeline = relay(engine, database, called, [rule("plain"), elsewhere])
    await hinted(pipeline)
    await hinted(pipeline)
    assert len(database.execute(CHANGES)) == 1


async def test_a_rule_may_name_its_app(engine: AsyncEngine, database: Database, called: Called) -> None:
    pipeline = relay(engine, database, called, [rule("each-time", app="Tasks", unchanged=True)])
    await hinted(pipeline)
    await hinted(pipeline)
    assert database.execute(RUNS) == [("each-time", 1), ("each-time", 2)]


async def test_conditions_count_as_ever(engine: AsyncEngine, database: Database, called: Called) -> None:
    rules = [
        rule("fits", unchanged=True, when={"rev": {"equal": 1}}, when_before={"rev": {"equal": 1}}),
        rule("does-not", unchanged=True, when={"rev": {"equal": 2}}),
        rule("changed", unchanged=True, when={"change": {"changed": ["rev"]}}),
    ]
    pipeline = relay(engine, database, called, rules)
    await hinted(pipeline)
    await hinted(pipeline)
    assert database.execute(RUNS) == [("fits", 2)]


async def test_a_look_that_nobody_asked_for_tells_nothing(
    telling: Pipeline, engine: AsyncEngine, database: Database
) -> None:
    await hinted(telling)
    async with engine.begin() as connection:
        started = await next_sight(connection)
        sights = Sights(
            ACCOUNT, "fusioo", APP, started, {"a": {"id": "a", "rev": 1}}, origin=Origin.RECONCILE
        )
        await store_sights(connection, sights, telling.rulebook, AT_ONCE)
    assert len(database.execute(CHANGES)) == 1


async def test_a_handler_that_writes_what_stands_there_already_runs_once(
    engine: AsyncEngine, database: Database
) -> None:
    """Fusioo tells of such a write too, and nothing differs then."""

    async def write_back(change: Change, context: Context) -> None:
        async with engine.begin() as connection:
            await note_write(
                connection,
                account=ACCOUNT,
                app_id=APP,
                record_id=change.record_id,
                rule=context.rule,
                run_id=context.run_id,
                hashes={"rev": hash_value(1)},
                written={"rev": 1},
            )
        pipeline.deliver(change.record_id)

    rules = [rule("writing", unchanged=True), rule("each-time", run=("see",), unchanged=True)]
    handlers = [bound(write_back), bound(succeed, "see")]
    pipeline = Pipeline(engine, database, rules=rules, handlers=handlers)
    pipeline.watch()
    pipeline.provider.truth["a"] = {"id": "a", "rev": 1}
    await hinted(pipeline)
    assert database.execute("SELECT version, origin, diff FROM changes ORDER BY version") == [
        (1, "webhook", None),
        (2, "echo", {}),
    ]
    assert database.execute(RUNS) == [("writing", 1), ("each-time", 1), ("each-time", 2)]
    await hinted(pipeline)
    assert database.execute(RUNS)[3:] == [("writing", 3), ("each-time", 3), ("each-time", 4)]


async def test_a_record_that_is_gone_tells_nothing_twice(telling: Pipeline, database: Database) -> None:
    await hinted(telling)
    del telling.provider.truth["a"]
    for _ in range(2):
        telling.deliver("a", "delete")
        await telling.drain()
    assert [row[1] for row in database.execute(CHANGES)] == ["update", "delete"]
