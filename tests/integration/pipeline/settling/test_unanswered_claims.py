"""A claim whose COMMIT got no answer, while its process lives on: nothing may stay claimed by it for ever."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from psycopg import OperationalError
from sqlalchemy.exc import OperationalError as WrappedOperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from service.changes.types import Change
from service.handlers.context import Context
from tests.fixtures.database import Database
from tests.fixtures.pipeline import ACCOUNT, APP, Pipeline, bound

Lose = Callable[..., None]


@pytest.fixture
def lose_next_answer(monkeypatch: pytest.MonkeyPatch) -> Lose:
    """Let the next COMMIT end without an answer: after it took place, or instead of it."""
    commit = psycopg.AsyncConnection.commit
    armed: list[bool] = []

    async def unanswered(connection: psycopg.AsyncConnection[Any]) -> None:
        if not armed:
            await commit(connection)
            return
        if armed.pop():
            await commit(connection)
        else:
            await connection.rollback()
        raise OperationalError("the connection is lost")

    monkeypatch.setattr(psycopg.AsyncConnection, "commit", unanswered)
    return lambda *, committed: armed.append(committed)


@pytest.mark.parametrize("committed", [True, False])
async def test_a_slot_is_free_again(
    engine: AsyncEngine, database: Database, lose_next_answer: Lose, committed: bool
) -> None:
    pipeline = Pipeline(engine, database)
    pipeline.provider.truth["r1"] = {"id": "r1", "rev": 1}
    pipeline.deliver("r1")
    process = pipeline.process()
    lose_next_answer(committed=committed)
    with pytest.raises(WrappedOperationalError):
        await pipeline.settler(process).settle(ACCOUNT, APP)
    await pipeline.drain()
    assert database.execute("SELECT status FROM deliveries") == [("settled",)]
    assert database.execute("SELECT count(*) FROM changes") == [(1,)]


@pytest.mark.parametrize("committed", [True, False])
async def test_a_run_is_tried(
    engine: AsyncEngine, database: Database, lose_next_answer: Lose, committed: bool
) -> None:
    called: list[int] = []

    async def note(_: Change, context: Context) -> None:
        called.append(context.attempt)

    pipeline = Pipeline(engine, database, handlers=[bound(note)])
    pipeline.provider.truth["r1"] = {"id": "r1", "rev": 1}
    pipeline.deliver("r1")
    process = pipeline.process()
    await pipeline.settler(process).settle(ACCOUNT, APP)
    lose_next_answer(committed=committed)
    await pipeline.runner(process).run("ops")
    await pipeline.drain()
    assert called == [1]
    assert database.execute("SELECT status, attempts FROM runs") == [("done", 1)]
