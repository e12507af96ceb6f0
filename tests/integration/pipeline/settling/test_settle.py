"""settle(account, app) on a real database, with a provider whose answers are held back where it matters."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from service.budget.lanes import Limit
from service.errors import AccountRefusedError, AppRefusedError, BatchTooLargeError, ProviderError
from tests.fixtures.database import Database
from tests.fixtures.pipeline import ACCOUNT, APP, LATER, Pipeline, bound, rule, succeed
from tests.fixtures.waiting import wait_until_async

NEW = "2026-11-22T06:00:00"
OLD = "2026-11-22T04:00:00"


@pytest.fixture
def pipeline(engine: AsyncEngine, database: Database) -> Pipeline:
    made = Pipeline(engine, database)
    made.watch(fields=("id", "rev", "created", "last_modified"))
    return made


def changes(database: Database) -> list[tuple[object, ...]]:
    return database.execute("SELECT record_id, version, kind, diff, deliveries FROM changes ORDER BY id")


def deliveries(database: Database) -> list[tuple[object, ...]]:
    return database.execute("SELECT status, outcome FROM deliveries ORDER BY id")


async def test_create_update_delete_and_restore_of_one_record(pipeline: Pipeline, database: Database) -> None:
    settler = pipeline.settler(pipeline.process())
    history: list[tuple[str, dict[str, object] | None]] = [
        ("create", {"id": "a", "rev": 1, "created": NEW}),
        ("update", {"id": "a", "rev": 2, "created": NEW}),
        ("delete", None),
        ("create", {"id": "a", "rev": 2, "created": NEW}),
    ]
    for kind, fields in history:
        pipeline.provider.truth = {} if fields is None else {"a": fields}
        pipeline.deliver("a", kind)
        await settler.settle(ACCOUNT, APP)
    assert changes(database) == [
        ("a", 1, "create", None, 1),
        ("a", 2, "update", {"rev": [1, 2]}, 1),
        ("a", 3, "delete", None, 1),
        ("a", 4, "create", None, 1),
    ]
    assert database.execute("SELECT restored FROM changes ORDER BY version") == [
        (False,),
        (False,),
        (False,),
        (True,),
    ]
    assert database.execute("SELECT after->>'rev' FROM changes WHERE kind = 'delete'") == [("2",)]
    assert deliveries(database) == [("settled", "changed")] * 4


async def test_three_duplicates_are_one_change_and_one_call(pipeline: Pipeline, database: Database) -> None:
    pipeline.provider.truth = {"a": {"id": "a", "rev": 1, "created": OLD}}
    for _ in range(3):
        pipeline.deliver("a")
    await pipeline.settler(pipeline.process()).settle(ACCOUNT, APP)
    assert changes(database) == [("a", 1, "update", None, 3)]
    assert pipeline.provider.asked == [["a"]]
    assert database.execute("SELECT lane, status, finished_at IS NOT NULL FROM calls") == [
        ("settle", 200, True)
    ]
    assert database.execute("SELECT count(DISTINCT change_id), count(DISTINCT call_id) FROM deliveries") == [
        (1, 1)
    ]


async def test_two_processes_share_one_slot(pipeline: Pipeline, database: Database) -> None:
    pipeline.provider.truth = {"a": {"id": "a", "rev": 1}}
    pipeline.provider.holding = True
    pipeline.deliver("a")
    first = asyncio.create_task(pipeline.settler(pipeline.process()).settle(ACCOUNT, APP))
    await wait_until_async(lambda: bool(pipeline.provider.held))
    pipeline.deliver("b")
    await pipeline.settler(pipeline.process()).settle(ACCOUNT, APP)
    assert pipeline.provider.asked == [["a"]]
    pipeline.provider.held[0].result.set_result(pipeline.provider.read(["a"], alone=False))
    await first
    assert pipeline.bells.apps == {(ACCOUNT, APP)}, "b came while the slot was held: it is rung for"
    assert deliveries(database) == [("settled", "changed"), ("pending", None)]


async def test_a_holder_that_was_lost_writes_nothing(pipeline: Pipeline, database: Database) -> None:
    pipeline.provider.truth = {"a": {"id": "a", "rev": 1}}
    pipeline.provider.holding = True
    pipeline.deliver("a")
    zombie = pipeline.process()
    first = asyncio.create_task(pipeline.settler(zombie).settle(ACCOUNT, APP))
    await wait_until_async(lambda: bool(pipeline.provider.held))
    stale = pipeline.provider.read(["a"], alone=False)
    pipeline.lose(zombie)
    pipeline.provider.holding = False
    pipeline.provider.truth = {"a": {"id": "a", "rev": 2}}
    await pipeline.settler(pipeline.process()).settle(ACCOUNT, APP)
    pipeline.provider.held[0].result.set_result(stale)
    await first
    assert database.execute("SELECT version, fields->>'rev' FROM records") == [(1, "2")]
    assert len(changes(database)) == 1


async def test_a_doubtful_look_is_repeated_and_an_absent_record_asked_alone(
    pipeline: Pipeline, database: Database
) -> None:
    pipeline.provider.truth = {"a": {"id": "a", "rev": 1}}
    pipeline.deliver("a")
    await pipeline.drain()
    pipeline.provider.truth = {}
    pipeline.deliver("a")
    await pipeline.drain()
    assert [change[2] for change in changes(database)] == ["update", "delete"]
    assert pipeline.provider.asked == [["a"]] * 5
    assert database.execute("SELECT looks FROM deliveries ORDER BY id") == [(1,), (4,)]


async def test_rechecks_wait_their_time(engine: AsyncEngine, database: Database) -> None:
    pipeline = Pipeline(engine, database, recheck=LATER)
    pipeline.deliver("a")
    await pipeline.drain()
    assert database.execute(
        "SELECT status, looks, due_at > now() + interval '50 minutes' FROM deliveries"
    ) == [("recheck", 1, True)]


async def test_a_record_of_another_app_kills_its_delivery_and_says_why(
    pipeline: Pipeline, database: Database
) -> None:
    pipeline.provider.strangers = {"x"}
    pipeline.deliver("x")
    await pipeline.drain()
    assert database.execute("SELECT status, reason FROM deliveries") == [
        ("dead", "the record exists, but is none of this app's")
    ]
    assert changes(database) == []


async def test_a_hidden_record_is_settled_without_a_delete(pipeline: Pipeline, database: Database) -> None:
    pipeline.provider.hidden = {"x"}
    pipeline.deliver("x")
    await pipeline.drain()
    assert deliveries(database) == [("settled", "hidden")]
    assert changes(database) == []


async def test_a_poisonous_record_dies_alone_and_no_call_is_paid_twice(
    pipeline: Pipeline, database: Database
) -> None:
    names = [f"r{number}" for number in range(8)]
    pipeline.provider.truth = {name: {"id": name, "rev": 1} for name in names}
    pipeline.provider.truth["r5"] = {"id": "r5", "rev": "a NUL \x00 is no JSON for Postgres"}
    for name in names:
        pipeline.deliver(name)
    await pipeline.settler(pipeline.process()).settle(ACCOUNT, APP)
    assert len(pipeline.provider.asked) == 1
    dead = database.execute("SELECT record_id, reason FROM deliveries WHERE status = 'dead'")
    assert [record_id for record_id, _ in dead] == ["r5"]
    assert len(changes(database)) == 7
    assert database.execute("SELECT token FROM slots") == [(None,)]


async def test_an_answer_that_cannot_be_stored_ends_a_refusal_too(
    pipeline: Pipeline, database: Database
) -> None:
    pipeline.provider.truth["a"] = {"id": "a", "rev": "a NUL \x00 is no JSON for Postgres"}
    pipeline.deliver("a")
    settler = pipeline.settler(pipeline.process())
    for error in (AccountRefusedError("the token is not accepted"), AppRefusedError("no such app")):
        pipeline.provider.failures = [error]
        database.execute("UPDATE halts SET next_at = now()")
        await settler.settle(ACCOUNT, APP)
        database.execute("UPDATE slots SET next_at = now()")
    database.execute(
        "INSERT INTO halts (account, reason, next_at) VALUES (%s, 'refused meanwhile', now())", (ACCOUNT,)
    )
    await settler.settle(ACCOUNT, APP)
    assert deliveries(database) == [("dead", None)]
    assert database.execute("SELECT name FROM alarms WHERE cleared_at IS NULL") == []
    assert database.execute("SELECT * FROM halts") == []


async def test_too_large_a_batch_is_halved(pipeline: Pipeline, database: Database) -> None:
    for number in range(8):
        pipeline.provider.truth[f"r{number}"] = {"id": f"r{number}", "rev": 1}
        pipeline.deliver(f"r{number}")
    pipeline.provider.failures = [BatchTooLargeError("too long")]
    await pipeline.drain()
    assert [len(ids) for ids in pipeline.provider.asked] == [8, 4, 4]
    assert database.execute("SELECT batch_ceiling FROM slots") == [(8,)]
    assert len(changes(database)) == 8


async def test_records_that_are_missing_spoil_no_others_for_good(
    pipeline: Pipeline, database: Database
) -> None:
    pipeline.provider.spoilt_by_absence = True
    for number in range(20):
        pipeline.provider.truth[f"r{number}"] = {"id": f"r{number}", "rev": 1}
        pipeline.deliver(f"r{number}")
    for gone in ("r7", "r8", "r15"):
        del pipeline.provider.truth[gone]
    await pipeline.drain()
    assert len(changes(database)) == 17
    assert database.execute("SELECT batch_ceiling FROM slots") == [(None,)]
    assert database.execute("SELECT FROM deliveries WHERE status IN ('pending', 'recheck', 'dead')") == []
    assert len(pipeline.provider.asked) < 35


async def test_an_id_that_the_provider_refuses_does_not_block_its_app(
    pipeline: Pipeline, database: Database
) -> None:
    pipeline.deliver("bad")
    pipeline.provider.failures = [BatchTooLargeError("no such path")] * 2
    await pipeline.drain()
    assert database.execute("SELECT status, reason FROM deliveries") == [
        ("dead", "BatchTooLargeError: no such path")
    ]


@pytest.mark.parametrize(
    ("error", "alarm", "subject"),
    [
        (AccountRefusedError("the token is not accepted"), "account_halted", ACCOUNT),
        (AppRefusedError("no such app"), "app_halted", f"{ACCOUNT}/{APP}"),
    ],
)
async def test_a_refusal_raises_an_alarm_once_and_the_deliveries_wait(
    pipeline: Pipeline, database: Database, error: ProviderError, alarm: str, subject: str
) -> None:
    pipeline.provider.truth = {"a": {"id": "a", "rev": 1}}
    pipeline.deliver("a")
    settler = pipeline.settler(pipeline.process())
    for _ in range(2):
        pipeline.provider.failures = [error]
        await settler.settle(ACCOUNT, APP)
        database.execute("UPDATE slots SET next_at = now()")
        database.execute("UPDATE halts SET next_at = now()")
    assert database.execute("SELECT name, subject, cleared_at FROM alarms") == [(alarm, subject, None)]
    assert deliveries(database) == [("pending", None)]
    await settler.settle(ACCOUNT, APP)
    assert database.execute("SELECT cleared_at IS NOT NULL FROM alarms") == [(True,)]
    assert deliveries(database) == [("settled", "changed")]


async def test_a_refusal_in_words_that_cannot_be_stored_gives_the_slot_back(
    pipeline: Pipeline, database: Database
) -> None:
    pipeline.deliver("a")
    pipeline.provider.failures = [AppRefusedError("no \x00 such app \ud800")]
    await pipeline.settler(pipeline.process()).settle(ACCOUNT, APP)
    assert database.execute("SELECT token, halted IS NOT NULL FROM slots") == [(None, True)]
    assert database.execute("SELECT name FROM alarms") == [("app_halted",)]


async def test_failures_pause_longer_and_longer(pipeline: Pipeline, database: Database) -> None:
    pipeline.deliver("a")
    settler = pipeline.settler(pipeline.process())
    pauses = []
    for _ in range(4):
        pipeline.provider.failures = [ProviderError("away")]
        await settler.settle(ACCOUNT, APP)
        ((pause,),) = database.execute("SELECT extract(epoch FROM next_at - now())::float FROM slots")
        pauses.append(pause)
        database.execute("UPDATE slots SET next_at = now()")
    assert 0.2 < pauses[0] <= 1 < pauses[3] <= 8
    assert database.execute("SELECT failures, token FROM slots") == [(4, None)]


async def test_without_budget_nobody_is_asked(engine: AsyncEngine, database: Database) -> None:
    pipeline = Pipeline(engine, database, limit=Limit(1, timedelta(hours=1)))
    pipeline.provider.truth = {name: {"id": name} for name in "ab"}
    settler = pipeline.settler(pipeline.process())
    for name in "ab":
        pipeline.deliver(name)
        await settler.settle(ACCOUNT, APP)
    assert pipeline.provider.asked == [["a"]]
    assert deliveries(database) == [("settled", "changed"), ("pending", None)]
    assert database.execute("SELECT next_at > now() + interval '59 minutes', token FROM slots") == [
        (True, None)
    ]


async def test_a_look_that_began_before_another_was_stored_changes_nothing(
    pipeline: Pipeline, database: Database
) -> None:
    pipeline.provider.truth = {"a": {"id": "a", "rev": 1}}
    pipeline.provider.holding = True
    pipeline.deliver("a")
    look = asyncio.create_task(pipeline.settler(pipeline.process()).settle(ACCOUNT, APP))
    await wait_until_async(lambda: bool(pipeline.provider.held))
    # Somebody else (reconcile, say) stores a newer state while our answer is under way.
    database.execute(
        "INSERT INTO records (account, app_id, record_id, state, version, seen, fields)"
        " VALUES (%s, %s, 'a', 'live', 5, nextval('sight'), '{\"rev\": 9}')",
        (ACCOUNT, APP),
    )
    pipeline.provider.held[0].result.set_result(pipeline.provider.read(["a"], alone=False))
    await look
    assert database.execute("SELECT version, fields->>'rev' FROM records") == [(5, "9")]
    assert deliveries(database) == [("pending", None)], "its hint is not answered: it is asked again"
    assert pipeline.bells.apps == {(ACCOUNT, APP)}


async def test_a_change_makes_one_run_per_rule_and_handler_and_order_makes_them_wait(
    engine: AsyncEngine, database: Database
) -> None:
    rules = [rule("one", run=["ops", "free"]), rule("two", run=["ops"]), rule("never", on=["delete"])]
    handlers = [bound(succeed), bound(succeed, "free", ordered=False)]
    pipeline = Pipeline(engine, database, rules=rules, handlers=handlers)
    settler = pipeline.settler(pipeline.process())
    for revision in (1, 2):
        pipeline.provider.truth = {"a": {"id": "a", "rev": revision}}
        pipeline.deliver("a")
        await settler.settle(ACCOUNT, APP)
    assert database.execute("SELECT rule, handler, status FROM runs ORDER BY seq") == [
        ("one", "ops", "ready"),
        ("one", "free", "ready"),
        ("two", "ops", "waiting"),
        ("one", "ops", "waiting"),
        ("one", "free", "ready"),
        ("two", "ops", "waiting"),
    ]
    assert pipeline.bells.handlers == {"ops", "free"}
