"""One attempt at a claimed run: call the handler within its time limit, and store how that ended."""

import random
from collections.abc import Awaitable, Callable, Mapping
from time import monotonic

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.changes.diff import read_diff
from service.changes.types import App, Change, Kind, Origin
from service.db.driver import driver_of
from service.db.failures import is_our_fault
from service.errors import LeaseLostError
from service.handlers.claims import ClaimedChange, ClaimedRun
from service.handlers.context import Context
from service.handlers.kinds import BoundHandler
from service.handlers.marking import Mark, mark_run
from service.handlers.outcomes import outcome_of
from service.handlers.types import Done, Failed, Outcome
from service.pipeline.accounts.noting import Writer
from service.pipeline.running.breakers import Breakers
from service.pipeline.running.calling import Calls
from service.pipeline.running.clients import ClientsOfRun, OpenClients
from service.pipeline.running.marks import mark_of
from service.pipeline.running.results import Results

_log = structlog.get_logger()


class Attempts:
    """Makes attempts for one process."""

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        providers: Mapping[str, str],
        clients: OpenClients,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """`providers`: the provider of each account, by name."""
        self._engine, self._providers, self._clients, self._jitter = engine, providers, clients, jitter
        self._results = Results(engine)
        self._calls = Calls()
        self._breakers = Breakers(engine)

    def is_stuck(self, handler: BoundHandler) -> bool:
        """Whether a call of it goes on that could not be ended. From any thread."""
        return self._calls.is_stuck(handler)

    async def make(self, handler: BoundHandler, run: ClaimedRun, seen: ClaimedChange) -> None:
        """Make one attempt. What goes wrong with it concerns no other run: nothing is raised for it."""
        began = monotonic()
        opened: list[AsyncConnection] = []

        async def open_transaction() -> AsyncConnection:
            connection = await self._engine.connect()
            opened.append(connection)
            await connection.begin()
            return connection

        change = self.change_of(run, seen)
        context = Context(
            run_id=run.id,
            rule=run.rule,
            handler=run.handler,
            attempt=run.number,
            change=change,
            open_transaction=open_transaction,
            clients=ClientsOfRun(self._clients, Writer(run.rule, run.id)),
        )
        try:
            await self._end(handler, run, self._call_and_mark(handler, run, change, context), began=began)
        finally:
            for connection in opened:
                await connection.close()

    async def conclude(
        self, handler: BoundHandler, run: ClaimedRun, outcome: Outcome, *, began: float
    ) -> None:
        """Store how an attempt ended that somebody else has made. Nothing is raised for it."""
        await self._end(handler, run, self._mark_alone(handler, run, outcome), began=began)

    async def tell(self, handler: BoundHandler, run: ClaimedRun, mark: Mark, *, began: float) -> None:
        """Log an attempt that is marked, and note what it tells of its handler."""
        _log_attempt(run, mark, monotonic() - began)
        try:
            await self._breakers.note(handler.breaker, run, mark)
        except Exception as error:  # noqa: BLE001  it is marked: what it tells of its handler may get lost
            _log.error("breaker.refused", handler=run.handler, run=str(run.id), exc_info=error)

    def change_of(self, run: ClaimedRun, seen: ClaimedChange) -> Change:
        """Give the change of a run as handlers see it."""
        return _as_seen_by_handlers(run, seen, self._providers.get(run.account, ""))

    def mark_of(self, handler: BoundHandler, run: ClaimedRun, outcome: Outcome) -> Mark:
        """Say what an outcome makes of its run."""
        return mark_of(outcome, handler.retry, attempts=run.attempts, jitter=self._jitter())

    async def _call_and_mark(
        self, handler: BoundHandler, run: ClaimedRun, change: Change, context: Context
    ) -> Mark:
        call = handler.call(change, context)
        outcome = await self._calls.make(handler, call, {"run": context.idempotency_key})
        return await self._mark(handler, run, outcome, context)

    async def _end(
        self, handler: BoundHandler, run: ClaimedRun, marking: Awaitable[Mark], *, began: float
    ) -> None:
        """Wait until an attempt is marked, and tell. A result that can't be stored must not keep the run."""
        try:
            mark = await marking
        except LeaseLostError:
            _log.warning("run.lost", run=str(run.id), handler=run.handler, attempt=run.number)
            return
        except Exception as error:  # noqa: BLE001  whatever is the matter with the result
            _log.exception("run.result_refused", run=str(run.id), handler=run.handler, attempt=run.number)
            unstorable = await self._mark_unstorable(handler, run, error)
            if unstorable is None:
                return
            mark = unstorable
        await self.tell(handler, run, mark, began=began)

    async def _mark(self, handler: BoundHandler, run: ClaimedRun, outcome: Outcome, context: Context) -> Mark:
        """Store how the attempt ended; what the handler did in `ctx.db` commits with it, or not at all."""
        connection = context.db.connection
        if connection is not None and isinstance(outcome, Done):
            try:
                mark = self.mark_of(handler, run, outcome)
                await _commit_with(connection, run, mark)
            except LeaseLostError:
                raise
            except Exception as error:  # noqa: BLE001  effect and mark are undone together: it counts as failed
                outcome = outcome_of(error, timeout=handler.timeout)
            else:
                return mark
        if connection is not None:
            await _roll_back(connection)
        return await self._mark_alone(handler, run, outcome)

    async def _mark_alone(self, handler: BoundHandler, run: ClaimedRun, outcome: Outcome) -> Mark:
        mark = self.mark_of(handler, run, outcome)
        await self._results.store(run, mark)
        return mark

    async def _mark_unstorable(self, handler: BoundHandler, run: ClaimedRun, error: Exception) -> Mark | None:
        failed = Failed(f"what became of the attempt could not be stored: {type(error).__name__}")
        try:
            return await self._mark_alone(handler, run, failed)
        except Exception:  # noqa: BLE001  the runs beside it go on
            _log.exception("run.mark_failed", run=str(run.id), handler=run.handler, attempt=run.number)
            return None


def _log_attempt(run: ClaimedRun, mark: Mark, seconds: float) -> None:
    _log.info(
        "run.attempted",
        run=str(run.id),
        change=str(run.change_id),
        account=run.account,
        app=run.app_id,
        record=run.record_id,
        rule=run.rule,
        handler=run.handler,
        attempt=run.number,
        outcome=mark.outcome,
        status=mark.status,
        error=mark.error,
        seconds=round(seconds, 3),
    )


async def _commit_with(connection: AsyncConnection, run: ClaimedRun, mark: Mark) -> None:
    if not await mark_run(await driver_of(connection), run, mark):
        raise LeaseLostError(f"run {run.id} is somebody else's")
    await connection.commit()


async def _roll_back(connection: AsyncConnection) -> None:
    try:
        await connection.rollback()
    except Exception as error:
        if not is_our_fault(error):
            raise


def _as_seen_by_handlers(run: ClaimedRun, seen: ClaimedChange, provider: str) -> Change:
    return Change(
        id=run.change_id,
        account=run.account,
        provider=provider,
        app=App(run.app_id, seen.app_name or run.app_id),
        record_id=run.record_id,
        kind=Kind(seen.kind),
        origin=Origin(seen.origin),
        version=seen.version,
        record=seen.record,
        diff=read_diff(seen.diff),
        created_at=seen.created_at,
        restored=seen.restored,
        echoed=frozenset(seen.echoed or ()),
        deliveries=seen.deliveries,
        linked={path: tuple(records) for path, records in (seen.linked or {}).items()},
        gaps={path: tuple(ids) for path, ids in (seen.gaps or {}).items()},
    )
