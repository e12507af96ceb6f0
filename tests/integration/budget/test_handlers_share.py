"""Handlers' own calls: a run that finds none waits until one is free, and settling has some meanwhile."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from service.budget.lanes import Lane, Limit
from service.budget.ledger import Ledger
from service.changes.types import Change
from service.db.engine import open_engine
from service.handlers.context import Context
from tests.fixtures.database import Database
from tests.fixtures.pipeline import ACCOUNT, APP, Pipeline, bound, rule

LIMIT = Limit(10, timedelta(hours=1), reserve=0.1)
RECORDS = "abcdef"


@pytest.fixture
async def engine(database: Database) -> AsyncIterator[AsyncEngine]:
    opened = open_engine(database.url, name="test", pool_size=10)
    yield opened
    await opened.dispose()


async def test_runs_without_a_call_wait_and_settling_has_some(
    engine: AsyncEngine, database: Database
) -> None:
    ledger = Ledger(engine, ACCOUNT, LIMIT, longest=timedelta(seconds=30))

    async def calling(_change: Change, _context: Context) -> None:
        async with ledger.meter(Lane.HANDLERS).call("POST /records") as note_status:
            note_status(200)

    pipeline = Pipeline(engine, database, rules=[rule()], handlers=[bound(calling)], limit=LIMIT)
    settler = pipeline.settler(pipeline.process())
    for record in RECORDS:
        pipeline.provider.truth[record] = {"id": record}
        pipeline.deliver(record)
    await settler.settle(ACCOUNT, APP)
    await pipeline.runner(pipeline.process()).run("ops")

    own = LIMIT.own(Lane.HANDLERS)
    assert own == 3
    assert database.execute("SELECT status, attempts, count(*) FROM runs GROUP BY 1, 2 ORDER BY 1") == [
        ("done", 1, own),
        ("ready", 0, len(RECORDS) - own),
    ]
    assert database.execute("SELECT outcome, count(*) FROM attempts GROUP BY 1 ORDER BY 1") == [
        ("deferred", len(RECORDS) - own),
        ("done", own),
    ]
    # The first call that comes back is the first that was made.
    assert database.execute(
        "SELECT bool_and(next_at = (SELECT min(counts_until) FROM calls WHERE lane = 'handlers'))"
        " FROM runs WHERE status = 'ready'"
    ) == [(True,)]

    async with ledger.meter(Lane.SETTLE).call("POST /filter") as note_status:
        note_status(200)

    database.execute("UPDATE calls SET counts_until = now() WHERE lane = 'handlers'")
    database.execute("UPDATE runs SET next_at = now() WHERE status = 'ready'")
    await pipeline.runner(pipeline.process()).run("ops")
    assert database.execute("SELECT count(*) FROM runs WHERE status = 'done'") == [(2 * own,)]
