"""Alarms that were raised or cleared become notices, and lost attempts at telling them are found.

Who is told stands in the configuration, and so is not known where alarms are raised: they are marked as
untold, and this round, part of the scheduler's, writes a notice for each handler under `alarms:`.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from service.alarms.notices import (
    ClaimedNotice,
    NoticeMark,
    handlers_to_tell,
    mark_notice,
    read_lost_notices,
    write_notices,
)
from service.handlers.marking import Mark
from service.lifecycle import AttemptOutcome, NoticeStatus
from service.pipeline.bells import Bells
from service.pipeline.running.marks import lost

_log = structlog.get_logger()

CLEARING_WAITS = timedelta(minutes=1)
"""An alarm that is over is told so after this time: what comes back meanwhile is told neither way."""
_MOST_ALARMS = 100


class Notices:
    """One round at a time, from any number of schedulers: each round is harmless when repeated."""

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        handlers: Sequence[str],
        retries: Mapping[str, Sequence[timedelta]],
        lost_after: timedelta,
        bells: Bells,
        clearing_waits: timedelta = CLEARING_WAITS,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """`handlers`: those under `alarms:`; `retries`: the `retry` list of each configured handler."""
        self._engine, self._handlers, self._retries = engine, tuple(handlers), retries
        self._lost_after, self._bells = lost_after, bells
        self._clearing_waits, self._jitter = clearing_waits, jitter

    async def sweep(self) -> None:
        """Write what is to be told, mark lost attempts, and ring for whoever has something due."""
        for _ in range(_MOST_ALARMS):
            async with self._engine.begin() as connection:
                more = await write_notices(connection, self._handlers, clearing_waits=self._clearing_waits)
            if not more:
                break
        async with self._engine.connect() as connection:
            lost_notices = await read_lost_notices(connection, lost_after=self._lost_after)
        for notice in lost_notices:
            await self._mark_lost(notice)
        async with self._engine.connect() as connection:
            due = await handlers_to_tell(connection)
        for handler in due:
            if handler in self._handlers:
                self._bells.ring_tell(handler)

    async def _mark_lost(self, notice: ClaimedNotice) -> None:
        ended = lost(self._retries.get(notice.handler), attempts=notice.attempts, jitter=self._jitter())
        mark = as_notice_mark(ended)
        async with self._engine.begin() as connection:
            marked = await mark_notice(connection, notice, mark)
        if marked:
            log_attempt(notice, mark)


def as_notice_mark(mark: Mark) -> NoticeMark:
    """Turn how an attempt ended into how its notice goes on: both go through the same statuses."""
    return NoticeMark(
        NoticeStatus(mark.status.value),
        next_in=mark.next_in,
        not_before=mark.not_before,
        error=mark.error,
        counts=mark.outcome is not AttemptOutcome.DEFERRED,
    )


def log_attempt(notice: ClaimedNotice, mark: NoticeMark) -> None:
    """Write the line of one attempt; it is an error when nobody will try again."""
    log = _log.bind(
        notice=str(notice.id),
        handler=notice.handler,
        alarm=notice.name,
        subject=notice.subject,
        kind=notice.kind.value,
        attempt=notice.attempts,
        status=mark.status,
        error=mark.error,
    )
    if mark.status is NoticeStatus.DEAD:
        log.error("notice.attempted")
    else:
        log.info("notice.attempted")
