"""Nobody's answer is waited for with a transaction open: it would hold locks, and back the database up."""

import asyncio

from sqlalchemy.ext.asyncio import AsyncEngine

from service.changes.types import Change
from service.handlers.context import Context
from tests.fixtures.database import Database
from tests.fixtures.pipeline import ACCOUNT, APP, Pipeline, bound
from tests.fixtures.waiting import wait_until_async


def states(database: Database) -> set[str]:
    """What the other connections to this database are at."""
    found = database.execute(
        "SELECT state FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    return {state for (state,) in found}


async def test_none_is_open_while_the_provider_thinks(engine: AsyncEngine, database: Database) -> None:
    pipeline = Pipeline(engine, database)
    pipeline.provider.truth, pipeline.provider.holding = {"a": {"id": "a"}}, True
    pipeline.deliver("a")
    settling = asyncio.create_task(pipeline.settler(pipeline.process()).settle(ACCOUNT, APP))
    await wait_until_async(lambda: bool(pipeline.provider.held))
    assert states(database) == {"idle"}
    pipeline.provider.held[0].result.set_result(pipeline.provider.read(["a"], alone=False))
    await settling


async def test_none_is_open_while_a_handler_works(engine: AsyncEngine, database: Database) -> None:
    called, go_on = asyncio.Event(), asyncio.Event()

    async def work(_change: Change, _context: Context) -> None:
        called.set()
        await go_on.wait()

    pipeline = Pipeline(engine, database, handlers=[bound(work)])
    pipeline.provider.truth = {"a": {"id": "a"}}
    pipeline.deliver("a")
    process_id = pipeline.process()
    await pipeline.settler(process_id).settle(ACCOUNT, APP)
    running = asyncio.create_task(pipeline.runner(process_id).run("ops"))
    await asyncio.wait_for(called.wait(), 10)
    assert states(database) == {"idle"}
    go_on.set()
    await running
    assert database.execute("SELECT status FROM runs") == [("done",)]
