"""Several runs at once: one transaction for all of them, and nobody suffers from another one."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from structlog.testing import capture_logs

from service.changes.types import Change
from service.db.engine import open_engine
from service.handlers.context import Context
from service.handlers.kinds import BatchApart, BoundHandler, OwnBatch
from service.handlers.types import Done, Failed, Outcome
from service.rules.discipline import Breaker
from tests.fixtures.database import Database
from tests.fixtures.pipeline import ACCOUNT, APP, Pipeline, bound, rule
from tests.fixtures.waiting import wait_until_async

RECORDS = "abcdefgh"
EFFECTS = "SELECT record_id, count(*) FROM effects GROUP BY record_id ORDER BY record_id"


@pytest.fixture
async def engine(database: Database) -> AsyncIterator[AsyncEngine]:
    database.execute("CREATE TABLE effects (record_id text, version bigint)")
    opened = open_engine(database.url, name="test", pool_size=10)
    yield opened
    await opened.dispose()
    database.execute("DROP TABLE effects")


@dataclass
class Effects:
    """A kind that writes a row for each change, one by one or many at once."""

    poison: frozenset[str] = frozenset()
    """Records with which nothing can be written."""
    batches: list[list[str]] = field(default_factory=list)
    alone: list[str] = field(default_factory=list)
    prepared: int = 0
    written: asyncio.Event = field(default_factory=asyncio.Event)
    go_on: asyncio.Event | None = None

    async def call(self, change: Change, context: Context) -> Outcome:
        self.alone.append(change.record_id)
        await self._insert(await context.db.begin(), [change])
        return Done()

    async def write(self, connection: AsyncConnection, changes: Sequence[Change]) -> Sequence[Outcome]:
        self.batches.append([change.record_id for change in changes])
        await self._insert(connection, changes)
        self.written.set()
        if self.go_on is not None:
            await self.go_on.wait()
        return [Done({"version": change.version}) for change in changes]

    async def _insert(self, connection: AsyncConnection, changes: Sequence[Change]) -> None:
        for change in changes:
            await connection.execute(
                text("INSERT INTO effects VALUES (:record_id, :version)"),
                {"record_id": change.record_id, "version": change.version},
            )
        if any(change.record_id in self.poison for change in changes):
            raise ValueError("poison")

    def handler(self, most: int = 100, **settings: Any) -> BoundHandler:
        return bound(self.call, batch=OwnBatch(most, self.prepare, self.write), **settings)

    async def prepare(self) -> None:
        """Count it; there is nothing to prepare."""
        self.prepared += 1


async def changed(engine: AsyncEngine, database: Database, handler: BoundHandler, times: int = 1) -> Pipeline:
    """A pipeline whose records each changed `times` times; the handler has not run yet."""
    pipeline = Pipeline(engine, database, rules=[rule()], handlers=[handler])
    settler = pipeline.settler(pipeline.process())
    for revision in range(times):
        for record in RECORDS:
            pipeline.provider.truth[record] = {"id": record, "rev": revision}
            pipeline.deliver(record)
        await settler.settle(ACCOUNT, APP)
    return pipeline


def statuses(database: Database) -> set[tuple[Any, ...]]:
    return set(database.execute("SELECT status, attempts FROM runs"))


async def test_all_that_is_ready_goes_together(engine: AsyncEngine, database: Database) -> None:
    effects = Effects()
    pipeline = await changed(engine, database, effects.handler(), times=2)
    await pipeline.runner(pipeline.process()).run("ops")
    assert [sorted(batch) for batch in effects.batches] == [list(RECORDS), list(RECORDS)]
    assert effects.alone == []
    assert effects.prepared == 2, "before each"
    assert statuses(database) == {("done", 1)}
    assert database.execute(EFFECTS) == [(record, 2) for record in RECORDS]
    details = "SELECT DISTINCT outcome, detail FROM attempts ORDER BY detail"
    assert database.execute(details) == [("done", {"version": 1}), ("done", {"version": 2})]


async def test_no_more_go_together_than_the_kind_takes(engine: AsyncEngine, database: Database) -> None:
    effects = Effects()
    pipeline = await changed(engine, database, effects.handler(most=3))
    await pipeline.runner(pipeline.process()).run("ops")
    assert [len(batch) for batch in effects.batches] == [3, 3, 2]


async def test_one_run_alone_is_an_attempt_like_any_other(engine: AsyncEngine, database: Database) -> None:
    effects = Effects()
    pipeline = await changed(engine, database, effects.handler(most=1))
    await pipeline.runner(pipeline.process()).run("ops")
    assert (effects.batches, sorted(effects.alone)) == ([], list(RECORDS))
    assert statuses(database) == {("done", 1)}


async def test_a_poisonous_record_is_found_by_halving(engine: AsyncEngine, database: Database) -> None:
    effects = Effects(poison=frozenset("f"))
    pipeline = await changed(engine, database, effects.handler(retry=()))
    await pipeline.runner(pipeline.process()).run("ops")
    assert [len(batch) for batch in effects.batches] == [8, 4, 4, 2, 2]
    assert effects.alone == ["e", "f"]
    failed = "SELECT record_id, status, error FROM runs WHERE status <> 'done'"
    assert database.execute(failed) == [("f", "dead", "ValueError: poison")]
    assert database.execute(EFFECTS) == [(record, 1) for record in RECORDS if record != "f"]


async def test_what_is_not_ours_any_more_undoes_its_batch_only(
    engine: AsyncEngine, database: Database
) -> None:
    """One run is discarded meanwhile: its effect is undone, and the others are written all the same."""
    effects = Effects(go_on=asyncio.Event())
    pipeline = await changed(engine, database, effects.handler())
    running = asyncio.create_task(pipeline.runner(pipeline.process()).run("ops"))
    await effects.written.wait()
    database.execute("UPDATE runs SET status = 'discarded', token = NULL WHERE record_id = 'c'")
    assert effects.go_on is not None
    effects.go_on.set()
    await running
    assert database.execute(EFFECTS) == [(record, 1) for record in RECORDS if record != "c"]
    assert database.execute("SELECT record_id FROM runs WHERE status <> 'done'") == [("c",)]


async def test_a_busy_record_holds_up_no_other(engine: AsyncEngine, database: Database) -> None:
    effects = Effects()
    pipeline = await changed(engine, database, effects.handler())
    async with engine.connect() as busy:
        await busy.begin()
        await busy.execute(text("SELECT FROM records WHERE record_id = 'b' FOR UPDATE"))
        running = asyncio.create_task(pipeline.runner(pipeline.process()).run("ops"))
        await effects.written.wait()
        await busy.rollback()
    await running
    assert (len(effects.batches[0]), effects.alone) == (len(RECORDS) - 1, ["b"])
    assert database.execute(EFFECTS) == [(record, 1) for record in RECORDS]


async def test_where_all_are_busy_no_empty_batch_is_written(engine: AsyncEngine, database: Database) -> None:
    effects = Effects()
    pipeline = await changed(engine, database, effects.handler())
    async with engine.connect() as busy:
        await busy.execute(text("SELECT FROM records FOR UPDATE"))
        running = asyncio.create_task(pipeline.runner(pipeline.process()).run("ops"))
        await wait_until_async(lambda: effects.alone, what="they go one by one")
        await busy.rollback()
    await running
    assert (effects.batches, sorted(effects.alone)) == ([], list(RECORDS))
    assert database.execute(EFFECTS) == [(record, 1) for record in RECORDS]


async def test_a_batch_that_takes_too_long_is_undone(engine: AsyncEngine, database: Database) -> None:
    effects = Effects(go_on=asyncio.Event())
    handler = effects.handler(timeout=timedelta(seconds=0.3))
    pipeline = await changed(engine, database, handler)
    await pipeline.runner(pipeline.process()).run("ops")
    assert sorted(effects.alone) == list(RECORDS)
    assert database.execute(EFFECTS) == [(record, 1) for record in RECORDS]


async def test_elsewhere_the_runs_are_marked_afterwards(engine: AsyncEngine, database: Database) -> None:
    taken: list[int] = []

    async def write(changes: Sequence[Change]) -> Sequence[Outcome]:
        taken.append(len(changes))
        if len(changes) > 4:
            raise ConnectionError("too many at once")
        return [Done() for _ in changes]

    handler = bound(Effects().call, batch=BatchApart(100, write))
    pipeline = await changed(engine, database, handler)
    await pipeline.runner(pipeline.process()).run("ops")
    assert taken == [8, 4, 4]
    assert statuses(database) == {("done", 1)}


async def test_elsewhere_a_batch_that_takes_too_long_goes_one_by_one(
    engine: AsyncEngine, database: Database
) -> None:
    taken: list[int] = []

    async def write(changes: Sequence[Change]) -> Sequence[Outcome]:
        taken.append(len(changes))
        await asyncio.Event().wait()
        return []

    effects = Effects()
    handler = bound(effects.call, batch=BatchApart(100, write), timeout=timedelta(seconds=0.3))
    pipeline = await changed(engine, database, handler)
    await pipeline.runner(pipeline.process()).run("ops")
    assert taken == [8, 4, 2, 2, 4, 2, 2]
    assert sorted(effects.alone) == list(RECORDS)
    assert statuses(database) == {("done", 1)}


@pytest.mark.parametrize("apart", [False, True])
async def test_each_run_of_a_batch_is_told_of_and_its_handler_judged(
    engine: AsyncEngine, database: Database, apart: bool
) -> None:
    """The kind itself says of each that it failed: three in a row, and the handler is left alone."""

    async def refuse(changes: Sequence[Change]) -> Sequence[Outcome]:
        return [Failed("no answer") for _ in changes]

    batch = (
        BatchApart(3, refuse)
        if apart
        else OwnBatch(3, Effects().prepare, lambda _connection, changes: refuse(changes))
    )
    retry = (timedelta(hours=1),)
    handler = bound(Effects().call, batch=batch, retry=retry, concurrency=1, breaker=Breaker(failures=3))
    pipeline = await changed(engine, database, handler)
    with capture_logs() as logs:
        await pipeline.runner(pipeline.process()).run("ops")
    told = [each for each in logs if each["event"] == "run.attempted"]
    assert [(each["outcome"], each["error"]) for each in told] == [("failed", "no answer")] * 3
    assert len({each["run"] for each in told}) == 3
    assert database.execute("SELECT failures_in_row, opened_at IS NULL FROM handler_states") == [(3, False)]
    assert database.execute("SELECT count(*) FROM runs WHERE attempts = 0") == [(len(RECORDS) - 3,)]
