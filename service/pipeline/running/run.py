"""run(handler): call a handler for its ready runs, for up to five seconds (DESIGN §5).

    tx1  claim as many ready runs as begin now · write their attempts
    --   call the handler for each, within its time limit
    tx2  the record · only with the run's token · the result, what `ctx.db` did, the record's next run
    --   as soon as one has ended: claim again · at the end ring if more are ready

At least once: a process that is lost in between leaves an attempt that the sweep marks as lost.
"""

import asyncio
from collections.abc import Iterator, Mapping
from time import monotonic
from uuid import UUID, uuid4

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from service.db.driver import driver_of
from service.db.failures import is_our_fault
from service.db.persisting import persist
from service.handlers.claims import (
    Claim,
    Claiming,
    claim_runs,
    next_run_in,
    read_claimed_runs,
)
from service.handlers.kinds import BoundHandler
from service.pipeline.bells import Bells
from service.pipeline.running.attempts import Attempts
from service.pipeline.running.batches import Batches, Claimed
from service.pipeline.running.places import Places
from service.pipeline.timers import Timers

_log = structlog.get_logger()

WORKS_FOR = 5.0
"""Seconds: so long one doorbell is answered before another handler's gets its turn."""

Working = set[asyncio.Task[None]]


class Runner:
    """Runs handlers for one process."""

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        process_id: UUID,
        handlers: Mapping[str, BoundHandler],
        attempts: Attempts,
        bells: Bells,
        places: int,
    ) -> None:
        """`places`: how many runs it works on at once, over all handlers."""
        self._engine, self._process_id, self._handlers = engine, process_id, handlers
        self._attempts, self._bells, self._places = attempts, bells, Places(places)
        self._batches = Batches(engine, attempts)
        self._timers = Timers(bells.ring_run)
        self._winding_down = False

    def wind_down(self) -> None:
        """Claim no run any more: those in hand have only so much time until the process ends."""
        self._winding_down = True

    def stuck_handlers(self) -> set[str]:
        """Those with a call that could not be ended: none of their runs is claimed here. From any thread."""
        return {name for name, handler in self._handlers.items() if self._attempts.is_stuck(handler)}

    async def run(self, handler_name: str) -> None:
        """Answer one doorbell. Runs of a handler that left the configuration are held.

        Raises what claiming and looking for more raise, when all that it has begun is ended.
        """
        handler = self._handlers.get(handler_name)
        if handler is None:
            _log.warning("handler.not_found", handler=handler_name)
            return
        until = monotonic() + WORKS_FOR
        working: Working = set()
        try:
            while self._goes_on(handler, until):
                working |= await self._begin(handler, until)
                if not working:
                    return
                working = await _until_one_ended(working)
            while working:
                await self._come_back(handler)  # another doorbell may use what the ended ones left
                working = await _until_one_ended(working)
        except asyncio.CancelledError:
            for attempt in working:
                attempt.cancel()
            raise
        finally:
            if working:  # whatever failed: a run that we hold and nobody works on would never be tried
                await asyncio.wait(working)
        await self._come_back(handler)

    def _goes_on(self, handler: BoundHandler, until: float) -> bool:
        return not (self._winding_down or self._attempts.is_stuck(handler)) and monotonic() < until

    async def _begin(self, handler: BoundHandler, until: float) -> Working:
        """Claim what can begin now, and begin it."""
        wanted = handler.concurrency if handler.batch is None else 1
        places = await self._places.take(wanted)
        begun: Working = set()
        try:
            claim = await self._claim(handler, places) if self._goes_on(handler, until) else Claim([], None)
            for runs in _together(handler, claim):
                attempt = asyncio.create_task(self._batches.make(handler, runs))
                attempt.add_done_callback(lambda _: self._places.give_back())
                begun.add(attempt)
        finally:
            self._places.give_back(places - len(begun))
        if len(begun) == places < wanted:  # it is our places that are too few: others have some
            self._bells.ring_run(handler.name)
        elif claim.next_in:  # not now: for its rate, a pause after a failure, or its breaker
            self._timers.ring_in((handler.name,), claim.next_in)
        return begun

    async def _claim(self, handler: BoundHandler, places: int) -> Claim:
        token = uuid4()
        try:
            async with self._engine.begin() as connection:
                return await claim_runs(
                    await driver_of(connection),
                    _claiming(handler),
                    most=places if handler.batch is None else handler.batch.most,
                    token=token,
                    holder=self._process_id,
                )
        except Exception as error:
            if not is_our_fault(error):
                raise
        # It may be committed all the same: runs that we hold and don't know of would never be tried.
        return await persist(lambda: self._claimed_with(handler, token))

    async def _claimed_with(self, handler: BoundHandler, token: UUID) -> Claim:
        async with self._engine.begin() as connection:
            found = await read_claimed_runs(await driver_of(connection), handler.name, token)
        return Claim(found, None)

    async def _come_back(self, handler: BoundHandler) -> None:
        if self._attempts.is_stuck(handler):
            return  # it might be this process that hears it, again and again: the sweep rings every second
        async with self._engine.connect() as connection:
            seconds = await next_run_in(await driver_of(connection), _claiming(handler))
        if seconds is not None:
            self._timers.ring_in((handler.name,), seconds)


def _claiming(handler: BoundHandler) -> Claiming:
    at_once = 1 if handler.batch is None else handler.batch.most
    return Claiming(
        handler.name, handler.concurrency * at_once, every=handler.every, breaks=handler.breaker is not None
    )


def _together(handler: BoundHandler, claim: Claim) -> Iterator[Claimed]:
    """Give the claimed runs by who goes together: all where the kind takes several, else each alone."""
    if handler.batch is None:
        yield from ([each] for each in claim.runs)
    elif claim.runs:
        yield claim.runs


async def _until_one_ended(working: Working) -> Working:
    """Wait for one of them to end; gives those that have not. Raises what it ended with."""
    ended, pending = await asyncio.wait(working, return_when=asyncio.FIRST_COMPLETED)
    for attempt in ended:
        attempt.result()
    return pending
