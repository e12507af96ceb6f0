"""A person's acts on many runs: those of one record and handler in one transaction, in their order."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.errors import NotFoundError, RefusedError
from service.handlers.filtering import RunFilter
from service.handlers.interventions import RunRow, count_runs, find_runs
from service.pipeline.running.runs import discard_locked, retry_locked

AT_MOST = 100_000
"""So many runs are taken at once; where there are more, the same again takes the next ones."""
REASONS_AT_MOST = 10

OnProgress = Callable[[int, int], None]
"""Told how many are done, of how many."""
_Act = Callable[[AsyncConnection, UUID], Awaitable[object]]


@dataclass(slots=True)
class Bulk:
    """What became of many runs."""

    done: int = 0
    refused: int = 0
    reasons: list[str] = field(default_factory=list)
    """Why the first of them were refused."""


async def count(engine: AsyncEngine, wanted: RunFilter) -> Mapping[str, int]:
    """Count the runs that are meant, by handler."""
    async with engine.connect() as connection:
        return await count_runs(connection, wanted)


async def retry_all(
    engine: AsyncEngine, wanted: RunFilter, *, out_of_order: bool = False, on_progress: OnProgress
) -> Bulk:
    """Let the dead runs that are meant be tried again, as `runs.retry` does; a refused one stops no other.

    Several of one record and handler do not stand in each other's way: they go in their order.
    """
    retry_one = partial(retry_locked, out_of_order=out_of_order)
    # The last one first: each then finds those behind it unfinished, and goes before them.
    bulk = await _act_on_all(engine, wanted, retry_one, on_progress, last_first=True)
    structlog.get_logger().info("runs.retried", done=bulk.done, refused=bulk.refused)
    return bulk


async def discard_all(engine: AsyncEngine, wanted: RunFilter, *, on_progress: OnProgress) -> Bulk:
    """Give up the runs that are meant, as `runs.discard` does; a refused one stops no other."""
    bulk = await _act_on_all(engine, wanted, discard_locked, on_progress)
    structlog.get_logger().info("runs.discarded", done=bulk.done, refused=bulk.refused)
    return bulk


async def _act_on_all(
    engine: AsyncEngine,
    wanted: RunFilter,
    act: _Act,
    on_progress: OnProgress,
    *,
    last_first: bool = False,
) -> Bulk:
    async with engine.connect() as connection:
        targets = await find_runs(connection, wanted, limit=AT_MOST)
    bulk = Bulk()
    for _, group in groupby(targets, key=_record_and_handler):
        run_ids = [target.id for target in group]
        await _act_on_group(engine, run_ids[::-1] if last_first else run_ids, act, bulk)
        on_progress(bulk.done + bulk.refused, len(targets))
    return bulk


async def _act_on_group(engine: AsyncEngine, run_ids: Sequence[UUID], act: _Act, bulk: Bulk) -> None:
    refused: list[str] = []
    async with engine.begin() as connection:
        for run_id in run_ids:
            try:
                await act(connection, run_id)
            except (NotFoundError, RefusedError) as error:
                refused.append(str(error))
    bulk.done += len(run_ids) - len(refused)
    bulk.refused += len(refused)
    bulk.reasons += refused[: REASONS_AT_MOST - len(bulk.reasons)]


def _record_and_handler(run: RunRow) -> tuple[str, str, str, str]:
    return run.account, run.app_id, run.record_id, run.handler
