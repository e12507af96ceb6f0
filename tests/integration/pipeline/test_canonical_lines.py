"""One canonical line for each settle and each attempt: what happened, to what, how long it took."""

from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from service.changes.types import Change
from service.handlers.context import Context
from tests.fixtures.database import Database
from tests.fixtures.pipeline import ACCOUNT, APP, Pipeline, bound


async def test_a_settle_is_one_line(engine: AsyncEngine, database: Database) -> None:
    pipeline = Pipeline(engine, database)
    pipeline.provider.truth = {"a": {"id": "a", "title": "private"}}
    for record in ("a", "a", "gone"):
        pipeline.deliver(record)
    settler = pipeline.settler(pipeline.process())
    with capture_logs() as lines:
        await settler.settle(ACCOUNT, APP)
    (line,) = (line for line in lines if line["event"] == "app.settled")
    assert line["log_level"] == "info"
    assert (line["account"], line["app"]) == (ACCOUNT, APP)
    told = {name: line[name] for name in ("asked", "absent", "changes", "runs", "dead")}
    assert told == {"asked": 2, "absent": 1, "changes": 1, "runs": 1, "dead": 0}
    assert line["seconds"] >= 0
    assert database.execute("SELECT id FROM calls") == [(line["call"],)]
    assert "private" not in repr(lines)


async def test_each_attempt_is_one_line(engine: AsyncEngine, database: Database) -> None:
    calls = []

    async def fail_once(_: Change, context: Context) -> None:
        calls.append(context.idempotency_key)
        if len(calls) == 1:
            raise ValueError("not yet")

    pipeline = Pipeline(engine, database, handlers=[bound(fail_once)])
    pipeline.provider.truth = {"a": {"id": "a", "title": "private"}}
    pipeline.deliver("a")
    with capture_logs() as lines:
        await pipeline.drain()
    first, second = (line for line in lines if line["event"] == "run.attempted")
    assert [(line["attempt"], line["outcome"], line["status"]) for line in (first, second)] == [
        (1, "failed", "ready"),
        (2, "done", "done"),
    ]
    assert first["run"] == second["run"] == calls[0]
    assert "not yet" in first["error"]
    told = {name: second[name] for name in ("account", "app", "record", "rule", "handler", "error")}
    assert told == {
        "account": ACCOUNT,
        "app": APP,
        "record": "a",
        "rule": "all",
        "handler": "ops",
        "error": None,
    }
    assert second["seconds"] >= 0
    assert "private" not in repr(lines)
