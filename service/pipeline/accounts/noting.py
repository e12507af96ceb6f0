"""Notes what handlers write to a provider, before each call: so that it is known when it comes back."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from service.db.persisting import persist
from service.errors import BudgetExhaustedError, RefusedError
from service.fusioo.client import FusiooClient
from service.fusioo.repeating import surely_wrote_nothing
from service.fusioo.writes import Noting, Write
from service.handlers.database import HandlerDatabase
from service.own_writes.repository import note_write, take_back
from service.rules.value_hashes import hash_fields


@dataclass(frozen=True, slots=True)
class Writer:
    """Whose writes they are: those of one run."""

    rule: str
    run_id: UUID


OpenFusioo = Callable[[str, HandlerDatabase, Writer], FusiooClient]
"""Gives the client of an account for one attempt. Raises NotFoundError for an account not configured."""


class OwnWrites:
    """The notes of one account."""

    def __init__(self, engine: AsyncEngine, account: str) -> None:
        self._engine, self._account = engine, account

    def by(self, writer: Writer) -> Noting:
        """Give what surrounds each write of a run.

        The note is committed, on a connection of its own, before the call begins; it is taken back where
        the call surely wrote nothing. It waits for as long as our own database is away.
        """

        @asynccontextmanager
        async def noting(write: Write) -> AsyncIterator[None]:
            if not write.fields:  # nothing will differ
                yield
                return
            note_id = await persist(lambda: self._note(writer, write))
            try:
                yield
            except Exception as error:
                if isinstance(error, BudgetExhaustedError | RefusedError) or surely_wrote_nothing(error):
                    await persist(lambda: self._take_back(note_id))
                raise

        return noting

    async def _note(self, writer: Writer, write: Write) -> int:
        async with self._engine.begin() as connection:
            return await note_write(
                connection,
                account=self._account,
                app_id=write.app_id,
                record_id=write.record_id,
                rule=writer.rule,
                run_id=writer.run_id,
                hashes=hash_fields(write.fields),
            )

    async def _take_back(self, note_id: int) -> None:
        async with self._engine.begin() as connection:
            await take_back(connection, note_id)
