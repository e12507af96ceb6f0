"""The ledger of one account, for those who make its calls."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.budget import repository
from service.budget.lanes import Lane, Limit
from service.budget.pacing import Standing
from service.budget.standing import read_standing
from service.db.failures import is_our_fault

_log = structlog.get_logger()

NoteStatus = Callable[[int], None]
"""Called with the HTTP status of the answer, as soon as it is known."""


class Ledger:
    """Counts the calls of one account, from any number of processes."""

    def __init__(
        self,
        engine: AsyncEngine,
        account: str,
        limit: Limit,
        *,
        longest: timedelta,
        holder: UUID | None = None,
    ) -> None:
        """`longest`: how long one call may take; `holder`: the process that makes the calls."""
        self.account, self.limit = account, limit
        self._engine, self._longest, self._holder = engine, longest, holder

    async def reserve(self, connection: AsyncConnection, lane: Lane, endpoint: str, *, leave: int = 0) -> int:
        """Count a call within the caller's transaction; `leave` so many of the lane's own to others of it.

        Raises BudgetExhaustedError.
        """
        return await repository.reserve(
            connection,
            self.account,
            limit=self.limit,
            lane=lane,
            leave=leave,
            endpoint=endpoint,
            longest=self._longest,
            holder=self._holder,
        )

    async def standing(self, connection: AsyncConnection) -> Standing:
        """Measure the budget for settling, and keep it as it is until the caller's transaction ends."""
        return await read_standing(connection, self.account, self.limit)

    async def finish(self, call_id: int, status: int | None) -> None:
        """Note that a call is over, in a transaction of its own.

        Postgres being away costs nobody the answer: the call then counts as if it had lasted longest.
        """
        try:
            async with self._engine.begin() as connection:
                await repository.finish(connection, call_id, limit=self.limit, status=status)
        except Exception as error:
            if not is_our_fault(error):
                raise
            _log.warning("call.unfinished", account=self.account, call=call_id, error=type(error).__name__)

    def prepaid(self, call_id: int) -> "PrepaidMeter":
        """Give a meter for the one call that `reserve` counted."""
        return PrepaidMeter(self, call_id)

    def meter(self, lane: Lane, *, leave: int = 0) -> "LaneMeter":
        """Give a meter that counts each call as it is made; `leave` as in `reserve`."""
        return LaneMeter(self, lane, self._engine, leave=leave)


class PrepaidMeter:
    """Pays for exactly one call, with what was reserved before."""

    def __init__(self, ledger: Ledger, call_id: int) -> None:
        self._ledger, self._call_id = ledger, call_id
        self._spent = False

    def call(self, endpoint: str) -> AbstractAsyncContextManager[NoteStatus]:
        """Make the one call. Raises RuntimeError at the second one: it was never counted."""
        if self._spent:
            message = f"{endpoint} would be a second call on one reservation"
            raise RuntimeError(message)
        self._spent = True
        return _finishing(self._ledger, self._call_id)


class LaneMeter:
    """Counts each call of a client in one lane."""

    def __init__(self, ledger: Ledger, lane: Lane, engine: AsyncEngine, *, leave: int = 0) -> None:
        self._ledger, self._lane, self._engine, self._leave = ledger, lane, engine, leave

    @asynccontextmanager
    async def call(self, endpoint: str) -> AsyncIterator[NoteStatus]:
        """Count a call, then make it. Raises BudgetExhaustedError before anything is sent."""
        async with self._engine.begin() as connection:
            call_id = await self._ledger.reserve(connection, self._lane, endpoint, leave=self._leave)
        async with _finishing(self._ledger, call_id) as note_status:
            yield note_status


@asynccontextmanager
async def _finishing(ledger: Ledger, call_id: int) -> AsyncIterator[NoteStatus]:
    statuses: list[int] = []
    try:
        yield statuses.append
    finally:
        await ledger.finish(call_id, statuses[-1] if statuses else None)
