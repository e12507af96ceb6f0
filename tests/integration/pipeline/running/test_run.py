"""run(handler) on a real database: attempts, marks, order, limits, leases."""

import asyncio
import gc
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from psycopg import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from service.changes.types import Change
from service.db.engine import open_engine
from service.errors import BudgetExhaustedError
from service.handlers.context import Context
from service.handlers.kinds import BoundHandler
from service.handlers.types import Discard, Failed, Outcome, Retry
from tests.fixtures.database import Database
from tests.fixtures.pipeline import ACCOUNT, APP, Pipeline, bound, rule
from tests.fixtures.waiting import wait_until_async

HOUR = (timedelta(hours=1),)


@pytest.fixture
async def engine(database: Database) -> AsyncIterator[AsyncEngine]:
    opened = open_engine(database.url, name="test", pool_size=10)
    yield opened
    await opened.dispose()


class Handling:
    """A handler that notes each call, and does what the test gave it to do."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, int, int]] = []
        self.keys: list[str] = []
        self.does: list[Any] = []
        self.go_on: asyncio.Event | None = None

    async def __call__(self, change: Change, context: Context) -> Outcome | None:
        self.seen.append((change.record_id, change.version, context.attempt))
        self.keys.append(context.idempotency_key)
        if self.go_on is not None:
            await self.go_on.wait()
        deed = self.does.pop(0) if self.does else None
        if isinstance(deed, Exception):
            raise deed
        return deed if isinstance(deed, Failed) else None


async def with_changes(
    engine: AsyncEngine,
    database: Database,
    handlers: Sequence[BoundHandler],
    records: str = "a",
    times: int = 1,
) -> Pipeline:
    """A pipeline whose records each changed `times` times, and whose handlers have not run yet."""
    names = [handler.name for handler in handlers]
    pipeline = Pipeline(engine, database, rules=[rule(run=names)], handlers=handlers)
    settler = pipeline.settler(pipeline.process())
    for revision in range(times):
        for record in records:
            pipeline.provider.truth[record] = {"id": record, "rev": revision}
            pipeline.deliver(record)
        await settler.settle(ACCOUNT, APP)
    return pipeline


def runs(database: Database) -> list[tuple[Any, ...]]:
    return database.execute("SELECT status, attempts, error FROM runs ORDER BY seq")


async def test_one_doorbell_runs_all_that_is_ready_in_order(engine: AsyncEngine, database: Database) -> None:
    handling = Handling()
    pipeline = await with_changes(engine, database, [bound(handling)], records="ab", times=3)
    await pipeline.runner(pipeline.process()).run("ops")
    assert [seen for seen in handling.seen if seen[0] == "a"] == [("a", 1, 1), ("a", 2, 1), ("a", 3, 1)]
    assert runs(database) == [("done", 1, None)] * 6
    assert (
        database.execute("SELECT outcome, number, finished_at IS NOT NULL FROM attempts")
        == [("done", 1, True)] * 6
    )


async def test_who_winds_down_finishes_what_it_has_and_leaves_the_rest_to_others(
    engine: AsyncEngine, database: Database
) -> None:
    handling = Handling()
    handling.go_on = asyncio.Event()
    pipeline = await with_changes(engine, database, [bound(handling, concurrency=1)], records="ab")
    runner = pipeline.runner(pipeline.process())
    running = asyncio.create_task(runner.run("ops"))
    await wait_until_async(lambda: handling.seen)
    pipeline.bells.handlers.clear()
    runner.wind_down()
    handling.go_on.set()
    await running
    assert sorted(status for status, *_ in runs(database)) == ["done", "ready"]
    assert "ops" in pipeline.bells.handlers


async def test_what_is_in_hand_is_finished_where_the_look_for_more_fails(
    engine: AsyncEngine, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database is away for a moment, while one attempt has ended and the other one goes on."""
    looked = asyncio.Event()

    async def away(*_: object, **__: object) -> float:
        looked.set()
        raise OperationalError("the server is restarted")

    async def work(change: Change, _: Context) -> None:
        if change.record_id == "a":
            runner.wind_down()
        else:
            await looked.wait()

    monkeypatch.setattr("service.pipeline.running.run.next_run_in", away)
    pipeline = await with_changes(engine, database, [bound(work)], records="ab")
    runner = pipeline.runner(pipeline.process())
    with pytest.raises(OperationalError):
        await runner.run("ops")
    assert runs(database) == [("done", 1, None)] * 2


async def test_a_failing_run_holds_back_its_record_only_and_keeps_its_key(
    engine: AsyncEngine, database: Database
) -> None:
    handling = Handling()
    pipeline = await with_changes(engine, database, [bound(handling, retry=HOUR)], records="ab", times=2)
    handling.does = [RuntimeError("not now")]
    await pipeline.runner(pipeline.process()).run("ops")
    assert handling.seen == [("a", 1, 1), ("b", 1, 1), ("b", 2, 1)]
    assert database.execute("SELECT status FROM runs WHERE record_id = 'a' ORDER BY seq") == [
        ("ready",),
        ("waiting",),
    ]
    database.execute("UPDATE runs SET next_at = now() WHERE status = 'ready'")
    await pipeline.runner(pipeline.process()).run("ops")
    assert handling.seen[3:] == [("a", 1, 2), ("a", 2, 1)]
    assert handling.keys[0] == handling.keys[3]


async def test_after_the_last_retry_a_run_is_dead_and_lets_the_next_one_go(
    engine: AsyncEngine, database: Database
) -> None:
    handling = Handling()
    pipeline = await with_changes(engine, database, [bound(handling)], times=2)
    handling.does = [RuntimeError("one"), RuntimeError("two"), RuntimeError("three")]
    await pipeline.drain()
    assert runs(database) == [("dead", 3, "RuntimeError: three"), ("done", 1, None)]
    assert handling.seen == [("a", 1, 1), ("a", 1, 2), ("a", 1, 3), ("a", 2, 1)]


async def test_what_a_handler_can_say(engine: AsyncEngine, database: Database) -> None:
    handling = Handling()
    pipeline = await with_changes(engine, database, [bound(handling, retry=HOUR)], records="abcde")
    soon = datetime.now(UTC) + timedelta(minutes=7)
    handling.does = [
        Discard("not for us"),
        Retry(after=7200),
        BudgetExhaustedError("main", soon),
        Failed("gone", dead=True),
        None,
    ]
    await pipeline.runner(pipeline.process()).run("ops")
    said = database.execute(
        "SELECT status, attempts, round(extract(epoch FROM next_at - now()) / 60)::int"
        " FROM runs ORDER BY record_id"
    )
    assert said[1] == ("ready", 1, 120)
    assert said[2] == ("ready", 0, 7), "a lack of budget is no attempt"
    assert [status for status, *_ in said] == ["discarded", "ready", "ready", "dead", "done"]
    assert database.execute("SELECT outcome FROM attempts ORDER BY id") == [
        ("done",),
        ("failed",),
        ("deferred",),
        ("failed",),
        ("done",),
    ]


async def test_a_handler_past_its_limit_is_cancelled(engine: AsyncEngine, database: Database) -> None:
    handling = Handling()
    handling.go_on = asyncio.Event()
    short = bound(handling, retry=HOUR, timeout=timedelta(milliseconds=50))
    pipeline = await with_changes(engine, database, [short])
    runner = pipeline.runner(pipeline.process())
    await runner.run("ops")
    ((status, attempts, error),) = runs(database)
    assert (status, attempts) == ("ready", 1)
    assert error == "not done within 50ms (the handler's `timeout`)"
    assert runner.stuck_handlers() == set()


async def test_a_handler_that_does_not_heed_its_limit_is_left_alone_and_the_others_go_on(
    engine: AsyncEngine, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Left alone in this process: who asks `stuck_handlers` sees to it that another one takes its place."""
    monkeypatch.setattr("service.pipeline.running.calling.GRACE", 0.05)
    ended, unread = asyncio.Event(), list[dict[str, Any]]()
    asyncio.get_running_loop().set_exception_handler(lambda _, context: unread.append(context))

    async def stubborn(_: Change, __: Context) -> None:
        with suppress(asyncio.CancelledError):  # a second one ends it, so that a failed test ends too
            await ended.wait()
        await ended.wait()
        raise RuntimeError("at last")

    timeout = timedelta(milliseconds=50)
    handlers = [bound(stubborn, concurrency=1, retry=HOUR, timeout=timeout), bound(Handling(), "good")]
    pipeline = await with_changes(engine, database, handlers, records="ab")
    runner = pipeline.runner(pipeline.process())
    pipeline.bells.handlers.clear()
    await runner.run("ops")
    assert runner.stuck_handlers() == {"ops"}
    assert database.execute("SELECT count(*) FROM attempts") == [(1,)], "it claims nothing more"
    await runner.run("good")
    assert (
        database.execute("SELECT handler, status FROM runs WHERE status <> 'ready'") == [("good", "done")] * 2
    )
    assert pipeline.bells.handlers == set(), "whoever is rung for might be this one again"
    ended.set()
    await wait_until_async(lambda: not runner.stuck_handlers())
    await runner.run("ops")
    assert database.execute("SELECT count(*) FROM attempts WHERE outcome = 'failed'") == [(2,)]
    gc.collect()
    assert unread == [], "nobody is told what the stuck one raised in the end"


async def test_a_thread_that_can_not_be_ended_leaves_its_handler_stuck(
    engine: AsyncEngine, database: Database
) -> None:
    abandoned = [1]
    handler = bound(Handling(), abandoned=lambda: abandoned[0])
    pipeline = await with_changes(engine, database, [handler])
    runner = pipeline.runner(pipeline.process())
    await runner.run("ops")
    assert (runner.stuck_handlers(), [status for status, *_ in runs(database)]) == ({"ops"}, ["ready"])
    abandoned[0] = 0
    await runner.run("ops")
    assert (runner.stuck_handlers(), [status for status, *_ in runs(database)]) == (set(), ["done"])


@pytest.mark.parametrize(("places", "idle"), [(1, 2), (16, 3)])
async def test_no_more_run_at_once_than_the_handler_allows(
    engine: AsyncEngine, database: Database, places: int, idle: int
) -> None:
    """Two processes with one place each take one each; one with many takes both."""
    handling = Handling()
    handling.go_on = asyncio.Event()
    pipeline = await with_changes(engine, database, [bound(handling, concurrency=2)], records="abcd")
    runners = [pipeline.runner(pipeline.process(), places=places) for _ in range(4)]
    tasks = [asyncio.create_task(runner.run("ops")) for runner in runners]
    await wait_until_async(lambda: len(handling.seen) == 2 and sum(task.done() for task in tasks) == idle)
    assert database.execute("SELECT count(*) FROM runs WHERE status = 'running'") == [(2,)]
    handling.go_on.set()
    await asyncio.gather(*tasks)
    assert runs(database) == [("done", 1, None)] * 4


async def test_a_process_works_on_no_more_runs_than_it_has_places(
    engine: AsyncEngine, database: Database
) -> None:
    """And rings, because another process could work on the rest."""
    handling = Handling()
    handling.go_on = asyncio.Event()
    handlers = [bound(handling, "ops", concurrency=4), bound(handling, "mirror", concurrency=4)]
    pipeline = await with_changes(engine, database, handlers, records="abcd")
    pipeline.bells.handlers.clear()
    runner = pipeline.runner(pipeline.process(), places=3)
    tasks = [asyncio.create_task(runner.run(name)) for name in ("ops", "mirror")]
    await wait_until_async(lambda: len(handling.seen) == 3 and "ops" in pipeline.bells.handlers)
    assert database.execute("SELECT handler, count(*) FROM runs WHERE status = 'running' GROUP BY 1") == [
        ("ops", 3)
    ]
    handling.go_on.set()
    await asyncio.gather(*tasks)
    assert runs(database) == [("done", 1, None)] * 8


async def test_a_run_whose_process_is_lost_counts_as_failed_and_is_done_by_another(
    engine: AsyncEngine, database: Database
) -> None:
    handling = Handling()
    handling.go_on = asyncio.Event()
    pipeline = await with_changes(engine, database, [bound(handling)], times=2)
    zombie = pipeline.process()
    task = asyncio.create_task(pipeline.runner(zombie).run("ops"))
    await wait_until_async(lambda: len(handling.seen) == 1)
    pipeline.lose(zombie)
    await pipeline.sweep().sweep()
    assert runs(database)[0][:2] == ("ready", 1)
    assert database.execute("SELECT outcome FROM attempts") == [("lost",)]
    handling.go_on.set()
    await task
    assert handling.seen == [("a", 1, 1), ("a", 1, 2), ("a", 2, 1)]
    assert len(set(handling.keys[:2])) == 1
    assert [status for status, *_ in runs(database)] == ["done", "done"]
    assert database.execute("SELECT outcome FROM attempts WHERE number = 1 ORDER BY id LIMIT 1") == [
        ("lost",)
    ]


async def test_an_attempt_that_kills_its_process_every_time_ends_dead(
    engine: AsyncEngine, database: Database
) -> None:
    handling = Handling()
    handling.go_on = asyncio.Event()
    pipeline = await with_changes(engine, database, [bound(handling)])
    tasks = []
    for attempt in range(1, 4):
        process_id = pipeline.process()
        tasks.append(asyncio.create_task(pipeline.runner(process_id).run("ops")))
        await wait_until_async(lambda wanted=attempt: len(handling.seen) == wanted)
        pipeline.lose(process_id)
        await pipeline.sweep().sweep()
    assert [status for status, *_ in runs(database)] == ["dead"]
    handling.go_on.set()
    await asyncio.gather(*tasks)
    assert [status for status, *_ in runs(database)] == ["dead"]


async def test_an_effect_in_our_database_commits_with_its_run_or_not_at_all(
    engine: AsyncEngine, database: Database
) -> None:
    database.execute("CREATE TABLE effects (key text)")
    does: list[Exception | None] = [RuntimeError("after the effect"), None]

    async def effect(_: Change, context: Context) -> None:
        await context.db.execute("INSERT INTO effects VALUES (:key)", {"key": context.idempotency_key})
        deed = does.pop(0)
        if deed is not None:
            raise deed

    pipeline = await with_changes(engine, database, [bound(effect)])
    await pipeline.drain()
    ((run_id,),) = database.execute("SELECT id::text FROM runs WHERE status = 'done'")
    assert database.execute("SELECT key FROM effects") == [(run_id,)]


async def test_a_lost_process_commits_no_effect(engine: AsyncEngine, database: Database) -> None:
    database.execute("CREATE TABLE effects (attempt int)")
    go_on = asyncio.Event()
    held = []

    async def effect(_: Change, context: Context) -> None:
        await context.db.execute("INSERT INTO effects VALUES (:attempt)", {"attempt": context.attempt})
        if context.attempt == 1:
            held.append(context.attempt)
            await go_on.wait()

    pipeline = await with_changes(engine, database, [bound(effect)])
    zombie = pipeline.process()
    task = asyncio.create_task(pipeline.runner(zombie).run("ops"))
    await wait_until_async(lambda: bool(held))
    pipeline.lose(zombie)
    await pipeline.drain()
    go_on.set()
    await task
    assert database.execute("SELECT attempt FROM effects") == [(2,)]


async def test_a_statement_that_failed_unseen_makes_the_attempt_fail(
    engine: AsyncEngine, database: Database
) -> None:
    async def swallow(_: Change, context: Context) -> None:
        try:
            await context.db.execute("SELECT 1 FROM nowhere")
        except Exception:  # noqa: BLE001  what a careless handler does
            return

    pipeline = await with_changes(engine, database, [bound(swallow, retry=())])
    await pipeline.drain()
    assert [status for status, *_ in runs(database)] == ["dead"]


@pytest.mark.parametrize(
    "deed",
    [
        RuntimeError("a NUL \x00 is no text for Postgres"),
        Failed("half a character", detail={"body": "\ud800"}),
        Failed("no JSON", detail={"body": object()}),
    ],
)
async def test_a_result_that_cannot_be_stored_is_a_failed_attempt(
    engine: AsyncEngine, database: Database, deed: object
) -> None:
    handling = Handling()
    handling.does = [deed]
    pipeline = await with_changes(engine, database, [bound(handling)], times=2)
    await pipeline.drain()
    assert [(status, attempts) for status, attempts, _ in runs(database)] == [("done", 2), ("done", 1)]


async def test_one_failing_handler_stops_no_other(engine: AsyncEngine, database: Database) -> None:
    bad, good = Handling(), Handling()
    bad.does = [RuntimeError("always")] * 3
    pipeline = await with_changes(engine, database, [bound(bad, "bad"), bound(good, "good")])
    await pipeline.drain()
    assert database.execute("SELECT handler, status FROM runs ORDER BY handler") == [
        ("bad", "dead"),
        ("good", "done"),
    ]


async def test_runs_of_a_handler_that_left_are_held(engine: AsyncEngine, database: Database) -> None:
    pipeline = await with_changes(engine, database, [bound(Handling())])
    pipeline.handlers = {}
    pipeline.bells.handlers.clear()
    await pipeline.runner(pipeline.process()).run("ops")
    await pipeline.sweep().sweep()
    assert pipeline.bells.handlers == set()
    assert runs(database) == [("ready", 0, None)]
