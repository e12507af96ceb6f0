"""expand(account) on a real database, with a provider whose answers are held back where it matters."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from service.budget.lanes import Limit
from service.changes.types import Change
from service.errors import (
    AccountRefusedError,
    AppRefusedError,
    BatchSpoiltError,
    BatchTooLargeError,
    BudgetExhaustedError,
    ProviderError,
)
from service.handlers.context import Context
from service.handlers.listing import show_run
from service.pipeline.halts import accept_account
from tests.fixtures.database import Database
from tests.fixtures.pipeline import ACCOUNT, APP, Pipeline, bound, rule
from tests.fixtures.waiting import wait_until_async

CLIENTS, PEOPLE = "iclients", "ipeople"
TARGETS = {
    APP: {"client": CLIENTS, "parent": APP},
    CLIENTS: {"owner": PEOPLE, "tasks": APP},
    PEOPLE: {"boss": PEOPLE},
}


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
def pipeline(engine: AsyncEngine, database: Database, called: Called) -> Pipeline:
    return linking(engine, database, called, "client", "client.owner")


def linking(
    engine: AsyncEngine, database: Database, called: Called, *paths: str, **settings: Any
) -> Pipeline:
    """A relay with one rule that fetches linked records."""
    made = Pipeline(engine, database, rules=[rule(expand=list(paths))], handlers=[bound(called)], **settings)
    made.watch(fields=("id", "rev", "client", "parent"))
    made.linked.targets = TARGETS
    made.linked.truth = {
        "c1": {"id": "c1", "name": "Acme", "owner": ["p1"]},
        "c2": {"id": "c2", "name": "Birch", "owner": ["p1", "p2"]},
        "p1": {"id": "p1", "name": "Lauren"},
        "p2": {"id": "p2", "name": "John"},
    }
    return made


def edit(pipeline: Pipeline, record_id: str = "a", **fields: object) -> None:
    """Change a record at the provider, and be told of it."""
    pipeline.provider.truth[record_id] = {"id": record_id, **fields}
    pipeline.deliver(record_id)


def statuses(database: Database) -> list[str]:
    return [status for (status,) in database.execute("SELECT status FROM runs ORDER BY seq")]


async def test_a_handler_gets_the_linked_records_of_every_path(pipeline: Pipeline, called: Called) -> None:
    edit(pipeline, rev=1, client=["c2", "c1"])
    await pipeline.drain()
    (change,) = called.changes
    assert [client["name"] for client in change.linked["client"]] == ["Birch", "Acme"]
    assert [person["name"] for person in change.linked["client.owner"]] == ["Lauren", "John"]
    assert change.gaps == {}
    assert pipeline.linked.asked == [["c1", "c2"], ["p1", "p2"]], "a call for each app"


async def test_a_rule_without_expand_waits_for_nothing(
    engine: AsyncEngine, database: Database, called: Called
) -> None:
    plain = Called()
    pipeline = Pipeline(
        engine,
        database,
        rules=[rule("plain", run=("now",)), rule("linking", run=("ops",), expand=["client"])],
        handlers=[bound(plain, "now"), bound(called)],
    )
    pipeline.linked.failures = [ProviderError("away")]
    pipeline.linked.targets = TARGETS
    edit(pipeline, client=["c1"])
    await pipeline.drain()
    assert [change.linked for change in plain.changes] == [{}]
    assert called.changes == []
    assert statuses(database) == ["done", "pending_links"]


async def test_many_changes_with_few_links_cost_few_calls(pipeline: Pipeline, called: Called) -> None:
    pipeline.linked.truth = {f"c{number}": {"id": f"c{number}"} for number in range(10)}
    for number in range(100):
        edit(pipeline, f"r{number}", client=[f"c{number % 10}"])
    await pipeline.drain()
    assert len(called.changes) == 100
    assert len(pipeline.linked.asked) == 1, "the second look's links were seen a moment ago"


async def test_what_was_seen_lately_is_not_asked_for_again(
    pipeline: Pipeline, database: Database, called: Called
) -> None:
    edit(pipeline, rev=1, client=["c1"])
    await pipeline.drain()
    database.execute("UPDATE linked_records SET seen_at = now() - interval '50 seconds'")
    edit(pipeline, rev=2, client=["c1"])
    await pipeline.drain()
    assert len(pipeline.linked.asked) == 2
    database.execute("UPDATE linked_records SET seen_at = now() - interval '70 seconds'")
    pipeline.linked.truth["c1"] = {"id": "c1", "name": "Renamed"}
    edit(pipeline, rev=3, client=["c1"])
    await pipeline.drain()
    assert [change.linked["client"][0]["name"] for change in called.changes] == ["Acme", "Acme", "Renamed"]


async def test_a_fresh_snapshot_is_a_linked_record(
    engine: AsyncEngine, database: Database, called: Called
) -> None:
    pipeline = linking(engine, database, called, "parent")
    edit(pipeline, "b", rev=7)
    await pipeline.drain()
    edit(pipeline, "a", rev=1, parent=["b"])
    await pipeline.drain()
    assert called.changes[-1].linked == {"parent": ({"id": "b", "rev": 7},)}
    assert pipeline.linked.asked == []


async def test_a_deleted_record_is_a_gap_however_lately_it_was_seen(
    engine: AsyncEngine, database: Database, called: Called
) -> None:
    pipeline = linking(engine, database, called, "parent")
    edit(pipeline, "b", rev=7)
    await pipeline.drain()
    del pipeline.provider.truth["b"]
    pipeline.deliver("b", "delete")
    edit(pipeline, "a", rev=1, parent=["b"])
    await pipeline.drain()
    assert [change.gaps for change in called.changes if change.record_id == "a"] == [{"parent": ("b",)}]


async def test_linked_records_make_no_changes(pipeline: Pipeline, database: Database) -> None:
    edit(pipeline, client=["c1"])
    await pipeline.drain()
    assert database.execute("SELECT record_id FROM changes") == [("a",)]
    assert database.execute("SELECT record_id FROM records") == [("a",)]


async def test_a_cycle_ends(engine: AsyncEngine, database: Database, called: Called) -> None:
    pipeline = linking(engine, database, called, "client.tasks.client")
    pipeline.linked.truth["c1"]["tasks"] = ["a"]  # type: ignore[index]  # a test's own record
    edit(pipeline, rev=1, client=["c1"])
    await pipeline.drain()
    (change,) = called.changes
    assert [record["id"] for record in change.linked["client.tasks"]] == ["a"]
    assert [record["id"] for record in change.linked["client.tasks.client"]] == ["c1"]
    assert pipeline.linked.asked == [["c1"]]


async def test_only_what_is_missing_is_asked_for_again(
    pipeline: Pipeline, database: Database, called: Called
) -> None:
    late = pipeline.linked.truth.pop("c2")
    edit(pipeline, client=["c1", "c2"])
    process = pipeline.process()
    await pipeline.settler(process).settle(ACCOUNT, APP)
    await pipeline.expander(process).expand(ACCOUNT)
    assert statuses(database) == ["pending_links"]
    assert database.execute("SELECT looks, token, reason FROM expansions") == [
        (1, None, "1 linked records are not there yet")
    ]
    pipeline.linked.truth["c2"] = late
    await pipeline.drain()
    assert pipeline.linked.asked == [["c1", "c2"], ["p1"], ["c2"], ["p2"]]
    assert [len(change.linked["client"]) for change in called.changes] == [2]


async def test_what_stays_missing_is_named(pipeline: Pipeline, database: Database, called: Called) -> None:
    edit(pipeline, client=["gone", "c1"])
    await pipeline.drain()
    (change,) = called.changes
    assert [client["id"] for client in change.linked["client"]] == ["c1"]
    assert change.gaps == {"client": ("gone",)}
    assert [ids for ids in pipeline.linked.asked if "gone" in ids] == [["c1", "gone"], ["gone"], ["gone"]]
    assert database.execute("SELECT reason FROM expansions") == [("1 linked records are not to be had",)]


async def test_waits_for_absent_records_take_their_time(pipeline: Pipeline, database: Database) -> None:
    pipeline.link_pauses = (timedelta(seconds=5), timedelta(seconds=30))
    edit(pipeline, client=["gone"])
    await pipeline.drain()
    waits = "SELECT looks, extract(epoch FROM next_at - now()) BETWEEN %s AND %s FROM expansions"
    assert database.execute(waits, (3, 6)) == [(1, True)]
    database.execute("UPDATE expansions SET next_at = now()")
    await pipeline.drain()
    assert database.execute(waits, (28, 31)) == [(2, True)]


async def test_a_link_of_which_nobody_knows_where_it_leads_is_named_at_once(
    pipeline: Pipeline, called: Called
) -> None:
    pipeline.linked.targets = {}
    edit(pipeline, client=["c1"])
    await pipeline.drain()
    (change,) = called.changes
    assert change.gaps == {"client": ("c1",)}
    assert pipeline.linked.asked == []


async def test_the_schema_that_is_stored_says_where_links_lead(
    pipeline: Pipeline, database: Database, called: Called
) -> None:
    pipeline.linked.targets = {}
    field = '{"id": "client", "type": "app_link", "options": {"app_id": "iclients"}}'
    database.execute("UPDATE apps SET schema = %s", (f'{{"id": "{APP}", "fields": [{field}]}}',))
    edit(pipeline, client=["c1"])
    await pipeline.drain()
    assert [client["id"] for client in called.changes[0].linked["client"]] == ["c1"]


async def test_runs_of_a_record_keep_their_order(
    pipeline: Pipeline, database: Database, called: Called
) -> None:
    process = pipeline.process()
    for rev in (1, 2, 3):
        edit(pipeline, rev=rev, client=["gone"] if rev == 1 else ["c1"])
        await pipeline.settler(process).settle(ACCOUNT, APP)
    await pipeline.expander(process).expand(ACCOUNT)
    assert statuses(database) == ["pending_links", "waiting", "waiting"], "the first one's client is missing"
    await pipeline.drain()
    assert [change.version for change in called.changes] == [1, 2, 3]


async def test_a_later_run_without_links_waits_its_turn(
    engine: AsyncEngine, database: Database, called: Called
) -> None:
    rules = [rule("linking", on=["create"], expand=["client"]), rule("plain", on=["update"])]
    pipeline = Pipeline(engine, database, rules=rules, handlers=[bound(called)])
    pipeline.watch(since="2020-01-01T00:00:00Z", fields=("id", "rev", "client", "created"))
    pipeline.linked.targets, pipeline.linked.truth = TARGETS, {"c1": {"id": "c1"}}
    process = pipeline.process()
    for rev in (1, 2, 3):
        edit(pipeline, rev=rev, created="2026-11-22T06:00:00", client=["c1"])
        await pipeline.settler(process).settle(ACCOUNT, APP)
    assert statuses(database) == ["pending_links", "waiting", "waiting"]
    await pipeline.runner(process).run("ops")
    assert called.changes == []
    await pipeline.drain()
    assert [change.version for change in called.changes] == [1, 2, 3]


async def test_a_run_that_awaits_links_is_not_overtaken_by_the_one_behind_it(
    engine: AsyncEngine, database: Database, called: Called
) -> None:
    """The first is done while the second awaits its links, and the third waits."""
    rules = [rule("linking", changed={"rev": {"to": 2}}, expand=["client"]), rule("plain")]
    pipeline = Pipeline(engine, database, rules=rules, handlers=[bound(called)])
    pipeline.linked.targets, pipeline.linked.truth = TARGETS, {"c1": {"id": "c1"}}
    process = pipeline.process()
    for rev in (1, 2, 3):
        edit(pipeline, rev=rev, client=["c1"])
        await pipeline.settler(process).settle(ACCOUNT, APP)
    await pipeline.runner(process).run("ops")
    assert statuses(database) == ["done", "pending_links", "waiting", "waiting"]
    await pipeline.drain()
    assert [change.version for change in called.changes] == [1, 2, 2, 3]


async def test_whoever_was_lost_frees_nothing_and_another_takes_over(
    pipeline: Pipeline, database: Database, called: Called
) -> None:
    edit(pipeline, client=["c1"])
    zombie, other = pipeline.process(), pipeline.process()
    await pipeline.settler(zombie).settle(ACCOUNT, APP)
    pipeline.linked.holding = True
    stalled = asyncio.create_task(pipeline.expander(zombie).expand(ACCOUNT))
    await wait_until_async(lambda: bool(pipeline.linked.held))
    async with asyncio.timeout(10):
        await pipeline.expander(other).expand(ACCOUNT)
    assert pipeline.linked.asked == [["c1"]], "while its process lives, nobody asks for the same"
    stale = pipeline.linked.read(["c1"], alone=False)
    pipeline.lose(zombie)
    pipeline.linked.holding = False
    pipeline.linked.truth["c1"] = {"id": "c1", "name": "Renamed"}
    await pipeline.drain()
    pipeline.linked.held[0].result.set_result(stale)
    await stalled
    assert [change.linked["client"][0]["name"] for change in called.changes] == ["Renamed"]
    assert database.execute("SELECT count(*) FROM attempts") == [(1,)]
    assert database.execute("SELECT linked->'client'->0->>'name' FROM expansions") == [("Renamed",)]


async def test_without_budget_nobody_is_asked_and_nothing_is_counted_against_the_links(
    pipeline: Pipeline, database: Database
) -> None:
    free_at = datetime.now(UTC) + timedelta(hours=1)
    edit(pipeline, client=["c1"])
    pipeline.linked.failures = [BudgetExhaustedError(ACCOUNT, free_at)]
    await pipeline.drain()
    assert database.execute("SELECT looks, failures, next_at = %s, token FROM expansions", (free_at,)) == [
        (0, 0, True, None)
    ]


async def test_calls_for_links_are_paid_by_their_lane(
    engine: AsyncEngine, database: Database, called: Called
) -> None:
    pipeline = linking(engine, database, called, "client", limit=Limit(20, timedelta(hours=1), 0.0))
    edit(pipeline, client=["c1"])
    await pipeline.settler(pipeline.process()).settle(ACCOUNT, APP)
    pipeline.spend(18, began=60, back_in=600)
    await pipeline.drain()
    assert statuses(database) == ["pending_links"], "19 of 20 calls: the last one is for settling"
    assert pipeline.linked.asked == []
    database.execute("DELETE FROM calls")
    database.execute("UPDATE expansions SET next_at = now()")
    await pipeline.drain()
    assert len(called.changes) == 1
    assert set(database.execute("SELECT lane FROM calls")) == {("expand",)}


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ProviderError("away"), (0, 1, None, True)),
        (AccountRefusedError("no"), (0, 0, None, False)),
        (RuntimeError("a fault of ours"), (0, 1, None, True)),
    ],
)
async def test_what_can_not_be_asked_now_waits(
    pipeline: Pipeline, database: Database, called: Called, error: Exception, told: tuple[object, ...]
) -> None:
    edit(pipeline, client=["c1"])
    pipeline.linked.failures = [error]
    await pipeline.drain()
    assert database.execute("SELECT looks, failures, token, next_at > now() FROM expansions") == [told]
    assert called.changes == []
    database.execute("UPDATE expansions SET next_at = now()")
    database.execute("UPDATE halts SET next_at = now()")
    await pipeline.drain()
    assert [len(change.linked["client"]) for change in called.changes] == [1]


async def test_whoever_is_accepted_again_gets_its_links_at_once(
    pipeline: Pipeline, database: Database, called: Called
) -> None:
    edit(pipeline, client=["c1"])
    pipeline.linked.failures = [AccountRefusedError("no")]
    await pipeline.drain()
    assert database.execute("SELECT next_at > now() + interval '4 minutes' FROM halts") == [(True,)]
    async with pipeline.engine.begin() as connection:
        await accept_account(connection, ACCOUNT)
    await pipeline.drain()
    assert len(called.changes) == 1


async def test_an_app_that_fails_for_hours_holds_no_record_back_for_ever(
    pipeline: Pipeline, database: Database, called: Called
) -> None:
    edit(pipeline, client=["c1"])
    pipeline.linked.failures = [ProviderError("away")] * 7
    for _ in range(8):
        await pipeline.drain()
        database.execute("UPDATE expansions SET next_at = now() WHERE finished_at IS NULL")
    (change,) = called.changes
    assert change.gaps == {"client": ("c1",)}
    assert database.execute("SELECT reason FROM expansions") == [("ProviderError: away",)]


async def test_a_refused_app_is_a_gap_like_absent_records(pipeline: Pipeline, called: Called) -> None:
    edit(pipeline, client=["c1"])
    pipeline.linked.failures = [AppRefusedError("not yours")] * 3
    await pipeline.drain()
    assert [change.gaps for change in called.changes] == [{"client": ("c1",)}]


@pytest.mark.parametrize("error", [BatchTooLargeError("too long"), BatchSpoiltError("one is bad")])
async def test_too_many_at_once_are_halved(pipeline: Pipeline, called: Called, error: Exception) -> None:
    pipeline.linked.truth = {f"c{number}": {"id": f"c{number}"} for number in range(8)}
    edit(pipeline, client=list(pipeline.linked.truth))
    pipeline.linked.failures = [error]
    await pipeline.drain()
    assert [len(ids) for ids in pipeline.linked.asked] == [8, 4, 4]
    assert [len(change.linked["client"]) for change in called.changes] == [8]


async def test_a_poisonous_linked_record_is_a_gap_and_stops_no_other(
    pipeline: Pipeline, called: Called
) -> None:
    pipeline.linked.truth["c2"] = {"id": "c2", "name": "a NUL \x00 is no JSON for Postgres"}
    edit(pipeline, "a", client=["c1", "c2"])
    edit(pipeline, "b", client=["c1"])
    await pipeline.drain()
    told = {change.record_id: change for change in called.changes}
    assert told["a"].gaps == {"client": ("c1", "c2"), "client.owner": ("p1",)}
    assert [client["id"] for client in told["b"].linked["client"]] == ["c1"]


async def test_a_deleted_record_links_as_it_last_did(pipeline: Pipeline, called: Called) -> None:
    edit(pipeline, client=["c1"])
    await pipeline.drain()
    del pipeline.provider.truth["a"]
    pipeline.deliver("a", "delete")
    await pipeline.drain()
    assert [change.kind for change in called.changes] == ["update", "delete"]
    assert [client["id"] for client in called.changes[1].linked["client"]] == ["c1"]


async def test_several_accounts_rounds_are_independent_and_unknown_ones_wait(
    pipeline: Pipeline, database: Database
) -> None:
    edit(pipeline, client=["c1"])
    process = pipeline.process()
    await pipeline.settler(process).settle(ACCOUNT, APP)
    database.execute("UPDATE expansions SET account = 'other'")
    await pipeline.expander(process).expand("other")
    assert database.execute("SELECT token FROM expansions") == [(None,)]


async def test_a_run_tells_how_far_its_links_are(
    pipeline: Pipeline, engine: AsyncEngine, database: Database
) -> None:
    pipeline.link_pauses = (timedelta(hours=1),)
    edit(pipeline, client=["gone"])
    await pipeline.drain()
    ((run_id,),) = database.execute("SELECT id FROM runs")
    async with engine.connect() as connection:
        waiting = (await show_run(connection, run_id)).links
    assert waiting is not None
    assert (waiting.paths, waiting.looks, waiting.gaps) == (["client", "client.owner"], 1, None)
    assert waiting.reason == "1 linked records are not there yet"
    database.execute("UPDATE expansions SET next_at = now()")
    await pipeline.drain()
    async with engine.connect() as connection:
        finished = (await show_run(connection, run_id)).links
    assert finished is not None
    assert (finished.next_at, finished.gaps) == (None, {"client": ["gone"]})
