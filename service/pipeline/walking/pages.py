"""A page that a walk has read, turned into what we know: one transaction.

What differs from its snapshot becomes a hint of our own; what was never seen is taken in, or is a first sight
where rules are to be run for it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from service.changes.decision import Recheck
from service.changes.types import Fields, Origin
from service.db.failures import is_our_fault
from service.errors import LeaseLostError
from service.fusioo.models import Record
from service.fusioo.paging import Paging
from service.handlers.clipping import ERROR_LENGTH, clip
from service.inbox.noticing import notice_records
from service.lifecycle import WalkPurpose
from service.pipeline.reconciling.pages import screen_page
from service.pipeline.rulebook import Rulebook
from service.pipeline.settling.echoes import ComputedIn, none_computed
from service.pipeline.settling.sights import Sights, store_sights
from service.pipeline.walking.course import Course, Reached
from service.records.baseline import take_in
from service.records.slots import lock_slot
from service.walks.repository import (
    Walk,
    clear_places,
    hold_walk,
    read_marks,
    store_marks,
    store_progress,
)

_log = structlog.get_logger()

ORIGINS: Mapping[WalkPurpose, Origin] = {
    WalkPurpose.BACKFILL: Origin.BACKFILL,
    WalkPurpose.FULL_SWEEP: Origin.RECONCILE,
}
"""What the changes are called that a walk finds."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """How what a walk sees is kept."""

    provider: str
    grace: timedelta
    """How long a webhook may be on its way: what differs is not looked at before."""
    rulebook: Rulebook | None = None
    """The rules for records that were never seen, where they are to be run."""
    recheck: Recheck = field(
        default_factory=lambda: Recheck(soon=timedelta(0), later=timedelta(0), first_rest=timedelta(0))
    )
    computed_in: ComputedIn = none_computed
    paging: Paging = field(default_factory=Paging)
    filters: bool = False
    """Whether a list of what was modified since a moment holds nothing older, in no order of stamps."""


async def store_page(
    connection: AsyncConnection,
    walk: Walk,
    page: Sequence[tuple[str, Record]],
    keeping: Keeping,
    *,
    started: int,
    calls: int,
    lasting: bool,
) -> Walk:
    """Store a page, by id, and how far the walk has come with it; gives the walk as it stands then.

    `started` is the sight taken before the page was asked for, which took so many `calls`; `lasting` as in
    `Course.take_page`. Raises LeaseLostError where somebody else reads on.
    """
    await hold(connection, walk)
    course = course_of(walk, keeping)
    marks = await read_marks(connection, walk.id, [one for one, _ in page])
    reached = course.take_page(page, marks, lasting=lasting)
    taken, noticed, unstored = await _keep(connection, walk, reached, keeping, started=started)
    await store_marks(connection, walk.id, reached.marks)
    if reached.anew:
        await clear_places(connection, walk.id)
    return await _store(
        connection,
        replace(
            walk,
            calls=walk.calls + calls,
            seen=walk.seen + reached.fresh,
            taken_in=walk.taken_in + taken,
            noticed=walk.noticed + noticed,
            unstored=walk.unstored + unstored,
        ),
        course,
    )


async def store_count(
    connection: AsyncConnection, walk: Walk, count: int, keeping: Keeping, *, calls: int
) -> Walk:
    """Store how many records the provider counts; otherwise as `store_page`."""
    await hold(connection, walk)
    course = course_of(walk, keeping)
    if course.take_count(count):
        await clear_places(connection, walk.id)
    return await _store(connection, replace(walk, calls=walk.calls + calls, expected=count), course)


async def hold(connection: AsyncConnection, walk: Walk) -> None:
    """Hold a walk until the transaction ends. Raises LeaseLostError where somebody else reads on."""
    if not await hold_walk(connection, walk):
        raise LeaseLostError(
            f"the {walk.purpose} of {walk.account}/{walk.app_id} is read on by somebody else"
        )


def course_of(walk: Walk, keeping: Keeping) -> Course:
    """Give the course of a walk, from where it stands."""
    if walk.course is not None:
        return Course.read(walk.course)
    return Course.of(walk.since, keeping.paging, filtered=keeping.filters)


async def _store(connection: AsyncConnection, walk: Walk, course: Course) -> Walk:
    stored = replace(walk, course=course.written(), missing=course.lacking, steady=course.plan.steady)
    await store_progress(connection, stored)
    return stored


async def _keep(
    connection: AsyncConnection, walk: Walk, reached: Reached, keeping: Keeping, *, started: int
) -> tuple[int, int, int]:
    """Give how many records were taken in, noticed, and could not be kept."""
    if keeping.rulebook is not None:
        await lock_slot(connection, walk.account, walk.app_id)  # before records, as everybody does
    screened = await screen_page(connection, walk.account, walk.app_id, reached.records)
    strange = {one: reached.records[one] for one in screened.strange}
    unstored = await _take_in_halving(connection, walk, strange, keeping, started=started)
    noticed = await notice_records(
        connection,
        walk.account,
        walk.app_id,
        screened.different,
        origin=ORIGINS[walk.purpose],
        due_in=keeping.grace,
    )
    return len(strange) - unstored, len(noticed), unstored


async def _take_in_halving(
    connection: AsyncConnection, walk: Walk, strange: Mapping[str, Fields], keeping: Keeping, *, started: int
) -> int:
    """Keep records that were never seen; gives how many can't be kept, which are found by halving."""
    if not strange:
        return 0
    try:
        async with connection.begin_nested():
            await _take_in(connection, walk, strange, keeping, started=started)
    except Exception as error:
        if is_our_fault(error):
            raise
        if len(strange) > 1:
            ids = list(strange)
            halves = (ids[: len(ids) // 2], ids[len(ids) // 2 :])
            return sum(
                [
                    await _take_in_halving(
                        connection, walk, {one: strange[one] for one in half}, keeping, started=started
                    )
                    for half in halves
                ]
            )
        _log.error(
            "record.poisoned",
            account=walk.account,
            app=walk.app_id,
            record=next(iter(strange)),
            error=clip(f"{type(error).__name__}: {error}", ERROR_LENGTH),
        )
        return 1
    return 0


async def _take_in(
    connection: AsyncConnection, walk: Walk, strange: Mapping[str, Fields], keeping: Keeping, *, started: int
) -> None:
    if keeping.rulebook is None:
        await take_in(connection, walk.account, walk.app_id, strange, started=started)
        return
    sights = Sights(
        account=walk.account,
        provider=keeping.provider,
        app_id=walk.app_id,
        started=started,
        seen=strange,
        origin=ORIGINS[walk.purpose],
        computed_in=keeping.computed_in,
    )
    await store_sights(connection, sights, keeping.rulebook, keeping.recheck)
