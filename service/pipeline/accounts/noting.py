"""Notes what handlers write to a provider, before each call: so that it is known when it comes back."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from service.db.persisting import persist
from service.errors import BudgetExhaustedError, RefusedError
from service.own_writes.repository import note_write, take_back
from service.rules.value_hashes import hash_fields
from service.transport.noting import Noting, Write


@dataclass(frozen=True, slots=True)
class Writer:
    """Whose writes they are: those of one run."""

    rule: str
    run_id: UUID


async def _as_sent(write: Write) -> Mapping[str, Any]:
    return write.fields


class OwnWrites:
    """The notes of one account.

    `surely_wrote_nothing(error)`: whether its provider can't have done what it was asked for. `shown(write)`:
    what was written as records show it afterwards.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        account: str,
        *,
        surely_wrote_nothing: Callable[[Exception], bool],
        shown: Callable[[Write], Awaitable[Mapping[str, Any]]] = _as_sent,
    ) -> None:
        self._engine, self._account = engine, account
        self._surely_wrote_nothing, self._shown = surely_wrote_nothing, shown

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
            shown = await self._shown(write)
            note_id = await persist(lambda: self._note(writer, write, shown))
            try:
                yield
            except Exception as error:
                unsent = isinstance(error, BudgetExhaustedError | RefusedError)
                if unsent or self._surely_wrote_nothing(error):
                    await persist(lambda: self._take_back(note_id))
                raise

        return noting

    async def _note(self, writer: Writer, write: Write, shown: Mapping[str, Any]) -> int:
        async with self._engine.begin() as connection:
            return await note_write(
                connection,
                account=self._account,
                app_id=write.app_id,
                record_id=write.record_id,
                rule=writer.rule,
                run_id=writer.run_id,
                hashes=hash_fields(shown),
                written=shown,
            )

    async def _take_back(self, note_id: int) -> None:
        async with self._engine.begin() as connection:
            await take_back(connection, note_id)
