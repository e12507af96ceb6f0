"""`ctx.db`: statements of a handler that commit together with its run, or not at all."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import CursorResult, Executable, Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.errors import RefusedError

OpenTransaction = Callable[[], Awaitable[AsyncConnection]]
"""Opens a connection with a transaction begun on it. Whoever gave it commits or rolls back, and closes."""

Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]]


class HandlerDatabase:
    """A transaction that is opened at the first statement. The run step ends it; a handler never commits.

    While it is open no client call may be made (`calling`): no transaction waits for somebody
    else's HTTP. The calls come first, then the statements.
    """

    def __init__(self, open_transaction: OpenTransaction) -> None:
        self._open_transaction = open_transaction
        self._connection: AsyncConnection | None = None
        self._calls = 0
        # Tasks of one handler share the connection, which can do one statement at a time.
        self._turn = asyncio.Lock()

    @property
    def connection(self) -> AsyncConnection | None:
        """The connection with the open transaction; None if the handler used no database."""
        return self._connection

    async def execute(
        self, statement: str | Executable, parameters: Parameters | None = None
    ) -> CursorResult[Any]:
        """Run one statement: SQL text with `:named` parameters, or a SQLAlchemy statement.

        Raises RefusedError while a client call of the same handler is under way, and SQLAlchemy's errors.
        """
        prepared = text(statement) if isinstance(statement, str) else statement
        async with self._turn:
            connection = await self._opened()
            return await connection.execute(prepared, parameters)

    async def begin(self) -> AsyncConnection:
        """Open the transaction if it is not open yet. For kinds of ours, which do one thing at a time.

        Raises RefusedError while a client call of the same handler is under way.
        """
        async with self._turn:
            return await self._opened()

    async def _opened(self) -> AsyncConnection:
        if self._connection is None:
            if self._calls:
                raise RefusedError(
                    "ctx.db can't open a transaction while a client call is under way; await the call first"
                )
            self._connection = await self._open_transaction()
        return self._connection

    async def fetch(
        self, statement: str | Executable, parameters: Parameters | None = None
    ) -> Sequence[Row[Any]]:
        """Run one statement and return all its rows. Raises as `execute` does."""
        return (await self.execute(statement, parameters)).all()

    @contextmanager
    def calling(self) -> Iterator[None]:
        """Hold a client call for as long as it lasts. Raises RefusedError while the transaction is open."""
        if self._connection is not None or self._turn.locked():
            raise RefusedError(
                "a client call was made while ctx.db is open; make every call before the first statement,"
                " so that no transaction waits for a provider"
            )
        self._calls += 1
        try:
            yield
        finally:
            self._calls -= 1
