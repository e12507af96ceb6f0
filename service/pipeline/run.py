"""run(handler): call a handler for its ready runs, one after the other, for up to five seconds (DESIGN §5).

    tx1  claim a ready run · write its attempt
    --   call the handler, within its time limit
    tx2  the record · only with the run's token · the result, what `ctx.db` did, the record's next run
    --   ring again if more are ready

At least once: a process that is lost in between leaves an attempt that the sweep marks as lost.
"""

import asyncio
import random
from collections.abc import Callable, Mapping
from time import monotonic
from uuid import UUID, uuid4

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.changes.types import App, Change
from service.db.failures import is_our_fault
from service.db.persisting import persist
from service.errors import LeaseLostError
from service.handlers.context import Context, FusiooFactory
from service.handlers.kinds import BoundHandler
from service.handlers.outcomes import outcome_of
from service.handlers.repository import (
    ClaimedRun,
    Mark,
    claim_run,
    is_run_due,
    mark_run,
    read_claimed_run,
)
from service.handlers.types import Done, Failed, Outcome
from service.pipeline.bells import Bells
from service.pipeline.marks import mark_of
from service.records.repository import StoredChange, read_change
from service.registrations.apps import view_app

_log = structlog.get_logger()

WORKS_FOR = 5.0
"""Seconds: so long one doorbell is answered before another handler's gets its turn."""
GRACE = 2.0
"""Seconds that a cancelled handler has to end."""


class Runner:
    """Runs handlers for one process."""

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        process_id: UUID,
        handlers: Mapping[str, BoundHandler],
        providers: Mapping[str, str],
        fusioo: FusiooFactory,
        bells: Bells,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """`providers`: the provider of each account, by name."""
        self._engine, self._process_id, self._handlers = engine, process_id, handlers
        self._providers, self._fusioo, self._bells, self._jitter = providers, fusioo, bells, jitter
        self._stuck: set[asyncio.Future[Outcome]] = set()
        self._winding_down = False

    def wind_down(self) -> None:
        """Claim no run any more: those in hand have only so much time until the process ends."""
        self._winding_down = True

    @property
    def must_retire(self) -> bool:
        """Some handler could not be ended: this process should finish what it has, and be replaced."""
        return bool(self._stuck) or any(handler.abandoned() for handler in self._handlers.values())

    async def run(self, handler_name: str) -> None:
        """Answer one doorbell. Runs of a handler that left the configuration are held."""
        handler = self._handlers.get(handler_name)
        if handler is None:
            _log.warning("handler.not_found", handler=handler_name)
            return
        began = monotonic()
        while not (self.must_retire or self._winding_down) and monotonic() - began < WORKS_FOR:
            run = await self._claim(handler)
            if run is None:
                return
            await self._attempt(handler, run)
        await self._ring_if_due(handler)

    async def _claim(self, handler: BoundHandler) -> ClaimedRun | None:
        token, more = uuid4(), False
        try:
            async with self._engine.begin() as connection:
                run = await claim_run(
                    connection,
                    handler.name,
                    concurrency=handler.concurrency,
                    token=token,
                    holder=self._process_id,
                )
                if run is not None:
                    more = await is_run_due(connection, handler.name, concurrency=handler.concurrency)
        except Exception as error:
            if not is_our_fault(error):
                raise
            # It may be committed all the same: a run that we hold and don't know of would never be tried.
            return await persist(lambda: self._claimed_with(handler, token))
        if more:
            self._bells.ring_run(handler.name)
        return run

    async def _claimed_with(self, handler: BoundHandler, token: UUID) -> ClaimedRun | None:
        async with self._engine.begin() as connection:
            return await read_claimed_run(connection, handler.name, token)

    async def _ring_if_due(self, handler: BoundHandler) -> None:
        async with self._engine.connect() as connection:
            if await is_run_due(connection, handler.name, concurrency=handler.concurrency):
                self._bells.ring_run(handler.name)

    async def _attempt(self, handler: BoundHandler, run: ClaimedRun) -> None:
        began = monotonic()
        opened: list[AsyncConnection] = []

        async def open_transaction() -> AsyncConnection:
            connection = await self._engine.connect()
            opened.append(connection)
            await connection.begin()
            return connection

        try:
            change = await persist(lambda: self._change(run))
            context = Context(
                run_id=run.id,
                rule=run.rule,
                handler=run.handler,
                attempt=run.number,
                change=change,
                open_transaction=open_transaction,
                fusioo=self._fusioo,
            )
            outcome = await self._call(handler, change, context)
            mark = await self._mark(handler, run, outcome, context)
        except LeaseLostError:
            _log.warning("run.lost", run=str(run.id), handler=run.handler, attempt=run.number)
            return
        except Exception as error:  # noqa: BLE001  a result that can't be stored must not leave us the run
            _log.exception("run.result_refused", run=str(run.id), handler=run.handler, attempt=run.number)
            mark = await self._mark_unstorable(handler, run, error)
        finally:
            for connection in opened:
                await connection.close()
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
            seconds=round(monotonic() - began, 3),
        )

    async def _change(self, run: ClaimedRun) -> Change:
        async with self._engine.connect() as connection:
            stored = await read_change(connection, run.change_id)
            if stored is None:  # runs go with their change: this one is gone too
                raise LeaseLostError(f"run {run.id} has no change any more")
            view = await view_app(connection, run.account, run.app_id)
        return _as_seen_by_handlers(stored, view.name, self._providers.get(run.account, ""))

    async def _call(self, handler: BoundHandler, change: Change, context: Context) -> Outcome:
        """Call the handler; a time limit that it doesn't heed makes this process retire."""
        task = asyncio.ensure_future(handler.call(change, context))
        ended, _ = await asyncio.wait({task}, timeout=handler.timeout.total_seconds())
        if not ended:
            task.cancel()
            ended, _ = await asyncio.wait({task}, timeout=GRACE)
            if not ended:
                self._stuck.add(task)
                _log.error("handler.stuck", handler=handler.name, run=context.idempotency_key)
        if not ended or task.cancelled():
            return outcome_of(TimeoutError(), timeout=handler.timeout)
        error = task.exception()
        if error is None:
            return task.result()
        if not isinstance(error, Exception):
            raise error
        _log.warning("handler.raised", handler=handler.name, run=context.idempotency_key, exc_info=error)
        return outcome_of(error, timeout=handler.timeout)

    async def _mark(self, handler: BoundHandler, run: ClaimedRun, outcome: Outcome, context: Context) -> Mark:
        """Store how the attempt ended; what the handler did in `ctx.db` commits with it, or not at all."""
        connection = context.db.connection
        if connection is not None and isinstance(outcome, Done):
            try:
                mark = self._mark_of(handler, run, outcome)
                await _mark_or_lose(connection, run, mark)
                await connection.commit()
            except LeaseLostError:
                raise
            except Exception as error:  # noqa: BLE001  effect and mark are undone together: it counts as failed
                outcome = outcome_of(error, timeout=handler.timeout)
            else:
                return mark
        if connection is not None:
            await _roll_back(connection)
        mark = self._mark_of(handler, run, outcome)
        await persist(lambda: self._write(run, mark))
        return mark

    async def _mark_unstorable(self, handler: BoundHandler, run: ClaimedRun, error: Exception) -> Mark:
        failed = Failed(f"what became of the attempt could not be stored: {type(error).__name__}")
        mark = self._mark_of(handler, run, failed)
        await persist(lambda: self._write(run, mark))
        return mark

    def _mark_of(self, handler: BoundHandler, run: ClaimedRun, outcome: Outcome) -> Mark:
        return mark_of(outcome, handler.retry, attempts=run.attempts, jitter=self._jitter())

    async def _write(self, run: ClaimedRun, mark: Mark) -> None:
        async with self._engine.begin() as connection:
            await _mark_or_lose(connection, run, mark)


async def _mark_or_lose(connection: AsyncConnection, run: ClaimedRun, mark: Mark) -> None:
    if not await mark_run(connection, run, mark):
        raise LeaseLostError(f"run {run.id} is somebody else's")


async def _roll_back(connection: AsyncConnection) -> None:
    try:
        await connection.rollback()
    except Exception as error:
        if not is_our_fault(error):
            raise


def _as_seen_by_handlers(stored: StoredChange, app_name: str, provider: str) -> Change:
    return Change(
        id=stored.id,
        account=stored.account,
        provider=provider,
        app=App(stored.app_id, app_name),
        record_id=stored.record_id,
        kind=stored.kind,
        origin=stored.origin,
        version=stored.version,
        record=stored.record,
        diff=stored.diff,
        created_at=stored.created_at,
        restored=stored.restored,
        deliveries=stored.deliveries,
    )
