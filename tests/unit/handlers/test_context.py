"""What a handler gets beside the change, and that its calls and its transaction stay apart."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest
from sqlalchemy import Executable
from sqlalchemy.ext.asyncio import AsyncConnection
from structlog.testing import capture_logs

from service.errors import NotFoundError, RefusedError
from service.fusioo.auth import StaticToken
from service.fusioo.client import FusiooClient
from service.handlers.clients import GuardedAuth, GuardedMeter, GuardedNoting
from service.handlers.context import Context
from service.handlers.database import HandlerDatabase
from service.transport.metering import Unmetered
from service.transport.noting import Write
from tests.fixtures.changes import CHANGE_ID
from tests.fixtures.handling import RUN_ID, context


class Connection:
    """Stands for a connection: remembers statements; `turns` counts how many run at a time."""

    def __init__(self) -> None:
        self.statements: list[tuple[str, Any]] = []
        self.opened = self.running = self.most = 0

    async def open(self) -> AsyncConnection:
        self.opened += 1
        return cast("AsyncConnection", self)

    async def execute(self, statement: Executable, parameters: Any) -> str:
        self.running += 1
        self.most = max(self.most, self.running)
        await asyncio.sleep(0)
        self.running -= 1
        self.statements.append((str(statement), parameters))
        return "result"


class Client:
    """Stands for a client: knows what it was built with."""

    def __init__(self, account: str, database: HandlerDatabase) -> None:
        self.account = account
        self.meter = GuardedMeter(Unmetered(), database)
        self.auth = GuardedAuth(StaticToken("s3cret-token"), database)

    async def call(self) -> None:
        await self.auth.refused(await self.auth.headers())
        async with self.meter.call("GET /x") as note_status:
            note_status(200)


def build_client(account: str, database: HandlerDatabase) -> FusiooClient:
    if account != "main":
        raise NotFoundError(f"there is no account {account}")
    return cast("FusiooClient", Client(account, database))


def make(connection: Connection) -> tuple[Context, Client]:
    made = context(open_transaction=connection.open, fusioo=build_client)
    return made, cast("Client", made.fusioo("main"))


def test_a_client_is_built_once_per_account() -> None:
    made, client = make(Connection())
    assert made.fusioo("main") is cast("FusiooClient", client)
    with pytest.raises(NotFoundError):
        made.fusioo("other")


def test_the_idempotency_key_is_the_runs_id_over_all_attempts() -> None:
    assert context(attempt=1).idempotency_key == context(attempt=5).idempotency_key == str(RUN_ID)


def test_the_log_carries_the_ids() -> None:
    with capture_logs() as lines:
        context(attempt=3).log.info("task.assigned", to="Lauren")
    assert lines == [
        {
            "event": "task.assigned",
            "log_level": "info",
            "to": "Lauren",
            "run_id": str(RUN_ID),
            "change_id": str(CHANGE_ID),
            "rule": "urgent-tasks",
            "handler": "ops",
            "attempt": 3,
        }
    ]


async def test_the_transaction_opens_at_the_first_statement_and_only_once() -> None:
    connection = Connection()
    made, _ = make(connection)
    before: object = made.db.connection
    results = await asyncio.gather(*(made.db.execute("SELECT :x", {"x": n}) for n in range(3)))
    assert before is None
    assert made.db.connection is cast("AsyncConnection", connection)
    assert (connection.opened, connection.most) == (1, 1)
    assert [str(result) for result in results] == ["result"] * 3
    assert connection.statements == [("SELECT :x", {"x": n}) for n in range(3)]


async def test_calls_come_before_statements() -> None:
    made, client = make(Connection())
    await client.call()
    await made.db.execute("SELECT 1")
    with pytest.raises(RefusedError, match="before the first statement"):
        await client.call()


async def test_even_an_unmetered_call_is_refused_while_the_transaction_is_open() -> None:
    made, client = make(Connection())
    await made.db.execute("SELECT 1")
    with pytest.raises(RefusedError):
        await client.auth.headers()
    with pytest.raises(RefusedError):
        async with client.meter.call("GET /x"):
            pass


async def test_no_write_is_noted_while_the_transaction_is_open() -> None:
    """The note would need a second connection, for a call that is refused."""
    noted: list[Write] = []

    @asynccontextmanager
    async def note(write: Write) -> AsyncIterator[None]:
        noted.append(write)
        yield

    made = context(open_transaction=Connection().open)
    guarded, write = GuardedNoting(note, made.db), Write({"a": 1}, record_id="i59adb")
    async with guarded(write):
        with pytest.raises(RefusedError, match="under way"):
            await made.db.execute("SELECT 1")
    await made.db.execute("SELECT 1")
    with pytest.raises(RefusedError, match="before the first statement"):
        async with guarded(write):
            pass
    assert noted == [write]


async def test_no_transaction_opens_while_a_call_is_under_way() -> None:
    connection = Connection()
    made, client = make(connection)
    async with client.meter.call("GET /x"):
        with pytest.raises(RefusedError, match="under way"):
            await made.db.execute("SELECT 1")
    assert connection.opened == 0
    await made.db.execute("SELECT 1")
    assert connection.opened == 1


async def test_no_call_begins_while_the_transaction_is_being_opened() -> None:
    connection, begun, go = Connection(), asyncio.Event(), asyncio.Event()

    async def slowly() -> AsyncConnection:
        begun.set()
        await go.wait()
        return await connection.open()

    made = context(open_transaction=slowly, fusioo=build_client)
    statement = asyncio.create_task(made.db.execute("SELECT 1"))
    await begun.wait()
    with pytest.raises(RefusedError):
        await cast("Client", made.fusioo("main")).call()
    go.set()
    await statement


async def test_a_database_that_can_not_be_opened_leaves_nothing_open() -> None:
    async def fails() -> AsyncConnection:
        raise OSError("no database")

    made = context(open_transaction=fails, fusioo=build_client)
    with pytest.raises(OSError, match="no database"):
        await made.db.execute("SELECT 1")
    assert made.db.connection is None
    await cast("Client", made.fusioo("main")).call()


def test_no_secret_in_a_repr() -> None:
    made, client = make(Connection())
    assert repr(made) == f"<Context run={RUN_ID} handler=ops attempt=1>"
    assert "s3cret" not in repr(client.auth)
