"""Handler kind `postgres`: a table that is kept equal to the records of an app."""

from collections.abc import Sequence

from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.changes.types import Change
from service.db.engine import open_engine
from service.errors import ConfigurationError
from service.handlers.builtin.mirror import Mirror
from service.handlers.builtin.mirror_table import MirrorTable
from service.handlers.builtin.postgres_options import PostgresOptions
from service.handlers.context import Context
from service.handlers.kinds import (
    BatchApart,
    BuiltHandler,
    HandlerDeps,
    HandlerKind,
    HandlerSettings,
    OwnBatch,
)
from service.handlers.types import Outcome

MOST_AT_ONCE = 200
"""So many records are written with one statement."""


class PostgresHandler:
    """Writes into one mirror. In the relay's own database a row and its run are stored together."""

    def __init__(self, options: PostgresOptions, engine: AsyncEngine | None) -> None:
        """`engine` None: nothing is ever written (the configuration is only checked)."""
        self._engine = engine
        self._table = MirrorTable(options)
        self._mirror = Mirror(options, self._table)
        self._prepared = False

    async def call(self, change: Change, context: Context) -> Outcome:
        """Write one change with its run. Raises ConfigurationError for a table that can't be used."""
        await self.prepare()
        (outcome,) = await self.write(await context.db.begin(), [change])
        return outcome

    async def call_apart(self, change: Change, _context: Context) -> Outcome:
        """Write one change, before its run is marked. Raises as `call` does."""
        (outcome,) = await self.write_apart([change])
        return outcome

    async def prepare(self) -> None:
        """Make sure, once, that the table is there. Raises ConfigurationError for one that can't be used."""
        if not self._prepared:
            async with self._given_engine().begin() as connection:
                await self._table.prepare(connection)
            self._prepared = True

    async def write(self, connection: AsyncConnection, changes: Sequence[Change]) -> Sequence[Outcome]:
        """Write changes within a transaction of somebody else's, who commits or rolls back."""
        try:
            return await self._mirror.write(connection, changes)
        except ProgrammingError:
            self._prepared = False  # the table is not as it was: it is looked at again before the next try
            raise

    async def write_apart(self, changes: Sequence[Change]) -> Sequence[Outcome]:
        """Write changes, and commit. Raises as `call` does."""
        await self.prepare()
        async with self._given_engine().begin() as connection:
            return await self.write(connection, changes)

    def _given_engine(self) -> AsyncEngine:
        if self._engine is None:
            raise ConfigurationError("a handler that was built without a database can't write")
        return self._engine


def _build(options: PostgresOptions, settings: HandlerSettings, deps: HandlerDeps) -> BuiltHandler:
    if options.url is None:
        own = PostgresHandler(options, deps.engine)
        return BuiltHandler(own.call, batch=OwnBatch(MOST_AT_ONCE, own.prepare, own.write))
    engine = open_engine(options.url.get_secret_value(), name=settings.name, pool_size=settings.concurrency)
    apart = PostgresHandler(options, engine)
    return BuiltHandler(
        apart.call_apart, close=engine.dispose, batch=BatchApart(MOST_AT_ONCE, apart.write_apart)
    )


POSTGRES = HandlerKind("postgres", PostgresOptions, _build)
