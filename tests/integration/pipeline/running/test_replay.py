"""Past changes are run once more, behind the newest runs, and what was run stays as it is."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from service.changes.types import Change
from service.errors import NotFoundError
from service.handlers.context import Context
from service.handlers.replaying import ReplayFilter
from service.pipeline.running.replay import carry_out, plan_as_now, plan_as_then
from service.rules.keeping import KeptRules
from service.rules.schema import Rule
from tests.fixtures.database import Database
from tests.fixtures.pipeline import ACCOUNT, APP, Pipeline, bound, rule

EVERYTHING = ReplayFilter(since=timedelta(days=1))


class Seeing:
    """A handler that keeps what it saw."""

    def __init__(self) -> None:
        self.changes: list[Change] = []

    async def __call__(self, change: Change, _context: Context) -> None:
        self.changes.append(change)

    def told(self) -> list[tuple[str, int, Any, Any]]:
        """Record, version, revision and kind of what was seen since the last time."""
        seen, self.changes = self.changes, []
        return [(each.record_id, each.version, (each.record or {}).get("rev"), each.kind) for each in seen]


async def with_past(
    engine: AsyncEngine, database: Database, handler: Seeing, *, rules: Sequence[Rule] | None = None
) -> Pipeline:
    """Records `a` and `b` were created and edited, and all that was run."""
    pipeline = Pipeline(engine, database, rules=rules, handlers=[bound(handler), bound(handler, "other")])
    pipeline.watch(since="2026-01-01T00:00:00Z")
    for revision in (0, 1):
        for record in "ab":
            pipeline.provider.truth[record] = {
                "id": record,
                "rev": revision,
                "created": "2026-11-22T06:00:00Z",
            }
            pipeline.deliver(record)
        await pipeline.drain()
    assert len(handler.told()) in {0, 4}
    return pipeline


def runs(database: Database) -> list[tuple[Any, ...]]:
    return database.execute("SELECT record_id, handler, replay, status FROM runs ORDER BY seq")


async def replay_all(pipeline: Pipeline, wanted: ReplayFilter = EVERYTHING, *, current: bool = False) -> int:
    plan = await plan_as_then(pipeline.engine, wanted, pipeline.rulebook)
    return await carry_out(
        pipeline.engine, plan, pipeline.rulebook, current=current, on_progress=lambda *_: None
    )


async def test_what_was_run_is_run_again_as_it_was(engine: AsyncEngine, database: Database) -> None:
    handler = Seeing()
    pipeline = await with_past(engine, database, handler)
    before = database.execute("SELECT id, status, attempts, finished_at FROM runs ORDER BY seq")
    assert await replay_all(pipeline) == 4
    await pipeline.drain()
    told = handler.told()
    assert sorted(told) == [
        ("a", 1, 0, "create"),
        ("a", 2, 1, "update"),
        ("b", 1, 0, "create"),
        ("b", 2, 1, "update"),
    ]
    assert [each for each in told if each[0] == "a"] == [("a", 1, 0, "create"), ("a", 2, 1, "update")]
    assert database.execute("SELECT id, status, attempts, finished_at FROM runs ORDER BY seq")[:4] == before
    assert await replay_all(pipeline) == 4, "what was replayed is not doubled"
    assert [each[2] for each in runs(database)] == [0] * 4 + [1] * 4 + [2] * 4


async def test_replays_stand_behind_the_newest_run(engine: AsyncEngine, database: Database) -> None:
    pipeline = await with_past(engine, database, Seeing())
    pipeline.provider.truth["a"] = {**pipeline.provider.truth["a"], "rev": 2}
    pipeline.deliver("a")
    await pipeline.settler(pipeline.process()).settle(ACCOUNT, "ia4f42")
    await replay_all(pipeline, ReplayFilter(record_id="a", until=None, handler="ops"))
    assert [each[2:] for each in runs(database) if each[0] == "a"][2:] == [
        (0, "ready"),
        (1, "waiting"),
        (1, "waiting"),
        (1, "waiting"),
    ]


async def test_handlers_can_see_the_present_instead(engine: AsyncEngine, database: Database) -> None:
    handler = Seeing()
    pipeline = await with_past(engine, database, handler)
    await replay_all(pipeline, ReplayFilter(record_id="a"), current=True)
    database.execute(
        'UPDATE records SET fields = \'{"id": "a", "rev": 7}\', version = 9 WHERE record_id = \'a\''
    )
    await pipeline.drain()
    assert all(change.diff is None for change in handler.changes)
    assert handler.told() == [("a", 9, 7, "create"), ("a", 9, 7, "update")]
    database.execute("UPDATE records SET state = 'deleted'")
    await replay_all(pipeline, ReplayFilter(record_id="a"), current=True)
    await pipeline.drain()
    assert handler.told() == [("a", 9, 7, "delete")] * 2, "whoever mirrors it must not bring it back"


async def test_by_the_rules_of_now_what_they_say_is_run(engine: AsyncEngine, database: Database) -> None:
    handler = Seeing()
    pipeline = await with_past(engine, database, handler, rules=[rule("old", when={"rev": {"equal": 99}})])
    assert runs(database) == []
    now = [rule("new", run=["other"], changed=["rev"])]
    newer = Pipeline(engine, database, rules=now, handlers=list(pipeline.handlers.values()))
    kept = KeptRules(rules=tuple(now), timezones={})
    plan = await plan_as_now(engine, EVERYTHING, kept, newer.rulebook)
    assert (plan.changes, plan.by_handler) == (2, {"other": 2})
    await carry_out(engine, plan, newer.rulebook, current=False, on_progress=lambda *_: None)
    assert runs(database) == [("a", "other", 0, "ready"), ("b", "other", 0, "ready")]
    await newer.drain()
    assert sorted(handler.told()) == [("a", 2, 1, "update"), ("b", 2, 1, "update")]
    unknown = ReplayFilter(change_ids=[UUID(int=0)])
    with pytest.raises(NotFoundError):
        await plan_as_now(engine, unknown, kept, newer.rulebook)


async def test_linked_records_are_asked_for_where_they_never_were(
    engine: AsyncEngine, database: Database
) -> None:
    handler = Seeing()
    pipeline = await with_past(engine, database, handler, rules=[rule("old", on=["delete"])])
    now = [rule("new", run=["other"], expand=["client"])]
    newer = Pipeline(engine, database, rules=now, handlers=list(pipeline.handlers.values()))
    kept = KeptRules(rules=tuple(now), timezones={})
    for _ in range(2):
        plan = await plan_as_now(engine, EVERYTHING, kept, newer.rulebook)
        await carry_out(engine, plan, newer.rulebook, current=False, on_progress=lambda *_: None)
    assert {each[3] for each in runs(database)} == {"pending_links"}
    assert database.execute("SELECT count(*) FROM expansions") == [(4,)]
    newer.linked.targets = {"ia4f42": {"client": "ia4f42"}}
    await newer.drain()
    assert len(handler.told()) == 8
    assert await replay_all(newer) == 4


@pytest.mark.parametrize(("there", "statuses"), [(True, ["ready", "waiting"]), (False, ["skipped"])])
async def test_links_that_came_since_it_was_planned_are_not_waited_for(
    engine: AsyncEngine, database: Database, there: bool, statuses: list[str]
) -> None:
    handler = Seeing()
    picky = rule(when={"client.id": {"equal": "c1"}})
    pipeline = Pipeline(engine, database, rules=[picky], handlers=[bound(handler)])
    pipeline.linked.targets = {APP: {"client": "iclients"}}
    pipeline.linked.truth = {"c1": {"id": "c1"}} if there else {}
    pipeline.provider.truth["a"] = {"id": "a", "client": ["c1"]}
    pipeline.deliver("a")
    process = pipeline.process()
    await pipeline.settler(process).settle(ACCOUNT, APP)
    plan = await plan_as_then(engine, EVERYTHING, pipeline.rulebook)
    for _ in range(3):
        await pipeline.expander(process).expand(ACCOUNT)
    made = await carry_out(engine, plan, pipeline.rulebook, current=False, on_progress=lambda *_: None)
    assert [status for *_, status in runs(database)] == statuses
    assert made == len(statuses) - 1


async def test_a_rule_of_now_that_asks_about_other_links_than_were_fetched_does_not_match(
    engine: AsyncEngine, database: Database
) -> None:
    handler = Seeing()
    pipeline = Pipeline(engine, database, rules=[rule(expand=["client"])], handlers=[bound(handler)])
    pipeline.provider.truth["a"] = {"id": "a"}
    pipeline.deliver("a")
    await pipeline.drain()
    changed = rule(when={"parent.id": {"equal": "p1"}})
    other = Pipeline(engine, database, rules=[changed], handlers=[bound(handler)])
    kept = KeptRules(rules=(changed,), timezones={})
    plan = await plan_as_now(engine, EVERYTHING, kept, other.rulebook)
    assert plan.runs == []


async def test_a_handler_that_left_is_left_out_and_counted(engine: AsyncEngine, database: Database) -> None:
    pipeline = await with_past(engine, database, Seeing())
    database.execute("UPDATE runs SET handler = 'left' WHERE record_id = 'a'")
    database.execute("UPDATE runs SET status = 'skipped' WHERE record_id = 'b' AND replay = 0 AND seq = 2")
    plan = await plan_as_then(engine, EVERYTHING, pipeline.rulebook)
    assert plan.left_out == {"left": 2}
    assert plan.by_handler == {"ops": 1}, "what was skipped was never run"


async def test_a_rule_of_now_that_the_links_of_then_fit_runs_although_it_was_skipped_then(
    engine: AsyncEngine, database: Database
) -> None:
    handler = Seeing()
    past = rule(when={"client.id": {"equal": "c1"}})
    pipeline = Pipeline(engine, database, rules=[past], handlers=[bound(handler)])
    pipeline.linked.targets = {APP: {"client": "iclients"}}
    pipeline.linked.truth = {"c2": {"id": "c2"}}
    pipeline.provider.truth["a"] = {"id": "a", "client": ["c2"]}
    pipeline.deliver("a")
    await pipeline.drain()
    assert [status for *_, status in runs(database)] == ["skipped"]
    mended = rule(when={"client.id": {"equal": "c2"}})
    newer = Pipeline(engine, database, rules=[mended], handlers=[bound(handler)])
    kept = KeptRules(rules=(mended,), timezones={})
    plan = await plan_as_now(engine, EVERYTHING, kept, newer.rulebook)
    assert await carry_out(engine, plan, newer.rulebook, current=False, on_progress=lambda *_: None) == 1
    assert [status for *_, status in runs(database)] == ["skipped", "ready"]
    await newer.drain()
    assert [change.linked for change in handler.changes] == [{"client": ({"id": "c2"},)}]


async def test_a_record_that_came_back_is_not_told_as_deleted(
    engine: AsyncEngine, database: Database
) -> None:
    handler = Seeing()
    pipeline = await with_past(engine, database, handler)
    database.execute("UPDATE changes SET kind = 'delete', after = NULL WHERE record_id = 'a' AND version = 1")
    await replay_all(pipeline, ReplayFilter(record_id="a"), current=True)
    await pipeline.drain()
    assert handler.told() == [("a", 2, 1, "update"), ("a", 2, 1, "update")]
