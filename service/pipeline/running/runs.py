"""A person's acts on runs: try a dead one again, or give one up. Nothing is rung: the sweep finds them."""

from collections.abc import Sequence
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.db.driver import driver_of
from service.errors import NotFoundError, RefusedError
from service.handlers.interventions import (
    RunRow,
    find_later_finished,
    hold_back,
    lock_siblings,
    read_run,
    store_discarded,
    store_retried,
)
from service.handlers.marking import lock_record, promote_next
from service.lifecycle import RUN_MOVES, RUN_UNFINISHED, RunStatus

_UNDER_WAY = frozenset({RunStatus.READY, RunStatus.RUNNING})


async def retry(engine: AsyncEngine, run_id: UUID, *, out_of_order: bool = False) -> RunStatus:
    """Let a dead run be tried again, as often as its handler's retry list says; gives its new status.

    It waits where an earlier run of its record and handler is unfinished; later ones that wait for their
    next try wait for it. Raises NotFoundError; RefusedError if it is not dead, or if a later run of the
    record and handler is finished or being tried, unless `out_of_order`.
    """
    async with engine.begin() as connection:
        run, status = await retry_locked(connection, run_id, out_of_order=out_of_order)
    structlog.get_logger().info(
        "run.retried", run_id=str(run_id), handler=run.handler, status=status, out_of_order=out_of_order
    )
    return status


async def retry_locked(
    connection: AsyncConnection, run_id: UUID, *, out_of_order: bool = False
) -> tuple[RunRow, RunStatus]:
    """Do so in the caller's transaction, which then holds the record. What raises has changed nothing."""
    run, siblings = await _lock(connection, run_id)
    if run.status is not RunStatus.DEAD:
        raise RefusedError(f"run {run_id} is {run.status}: only a dead run can be retried")
    status = RunStatus.READY
    if run.ordered:
        earlier = [other for other in siblings if other.seq < run.seq]
        later = [other for other in siblings if other.seq > run.seq]
        if not out_of_order:
            await _refuse_after_later(connection, run, later)
        status = await _take_place(connection, earlier, later)
    await store_retried(connection, run_id, status)
    return run, status


async def discard(engine: AsyncEngine, run_id: UUID) -> None:
    """Give a run up for good; the record's next waiting run of the handler goes ahead.

    A run that is being tried is discarded too: what its handler does meanwhile can't be undone, but it is
    noted nowhere. Raises NotFoundError; RefusedError if it is done or discarded already.
    """
    async with engine.begin() as connection:
        run = await discard_locked(connection, run_id)
    structlog.get_logger().info("run.discarded", run_id=str(run_id), handler=run.handler, was=run.status)


async def discard_locked(connection: AsyncConnection, run_id: UUID) -> RunRow:
    """Do so in the caller's transaction, which then holds the record. What raises has changed nothing."""
    run, siblings = await _lock(connection, run_id)
    if RunStatus.DISCARDED not in RUN_MOVES[run.status]:
        raise RefusedError(f"run {run_id} is {run.status}: there is nothing left to discard")
    await store_discarded(connection, run_id)
    held_others_back = run.ordered and run.status in RUN_UNFINISHED
    others = [other for other in siblings if other.id != run_id]
    if held_others_back and _next_may_go(others):
        await promote_next(await driver_of(connection), run.account, run.app_id, run.record_id, run.handler)
    return run


async def _lock(connection: AsyncConnection, run_id: UUID) -> tuple[RunRow, Sequence[RunRow]]:
    """Lock the record, then its unfinished runs of the handler (the order everywhere), and read them."""
    seen = await read_run(connection, run_id)
    if seen is not None:
        await lock_record(await driver_of(connection), seen.account, seen.app_id, seen.record_id)
        siblings = await lock_siblings(connection, seen)
        for run in siblings:
            if run.id == run_id:
                return run, siblings
    raise NotFoundError(f"there is no run {run_id}; `relay runs list` shows the newest")


async def _refuse_after_later(connection: AsyncConnection, run: RunRow, later: Sequence[RunRow]) -> None:
    running = (other for other in later if other.status is RunStatus.RUNNING)
    other = next(running, None) or await find_later_finished(connection, run)
    if other is not None:
        raise RefusedError(
            f"run {run.id}: a later run of record {run.record_id} by handler {run.handler} is {other.status}"
            f" ({other.id}); --out-of-order retries it all the same"
        )


async def _take_place(
    connection: AsyncConnection, earlier: Sequence[RunRow], later: Sequence[RunRow]
) -> RunStatus:
    """Decide whether a retried run may go at once. At most one run of a record and handler is under way."""
    if any(other.status in RUN_UNFINISHED for other in earlier):
        return RunStatus.WAITING
    if any(other.status is RunStatus.RUNNING for other in later):
        return RunStatus.WAITING
    await hold_back(connection, [other.id for other in later if other.status is RunStatus.READY])
    return RunStatus.READY


def _next_may_go(others: Sequence[RunRow]) -> bool:
    """Tell whether the earliest unfinished run waits for nothing but its turn."""
    unfinished = [other for other in others if other.status in RUN_UNFINISHED]
    under_way = any(other.status in _UNDER_WAY for other in unfinished)
    return bool(unfinished) and not under_way and unfinished[0].status is RunStatus.WAITING
