"""How much work waits for the handlers. Every query reads an index of unfinished or dead runs, and stops."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.db.base import status_in
from service.db.counting import COUNTED_AT_MOST, count_up_to
from service.handlers.states import HandlerStanding, held_back
from service.lifecycle import RUN_UNFINISHED, RunStatus

_HANDLERS_AT_MOST = 1000

# From handler to handler along the index, then to the first due run of each.
_READY = text(f"""
    WITH RECURSIVE known AS (
        (SELECT handler FROM runs WHERE status = 'ready' ORDER BY handler LIMIT 1)
        UNION ALL SELECT next.handler FROM known CROSS JOIN LATERAL (
            SELECT handler FROM runs WHERE status = 'ready' AND runs.handler > known.handler
            ORDER BY handler LIMIT 1) AS next)
    SELECT few.handler, now() - oldest.next_at AS age
    FROM (SELECT handler FROM known LIMIT {_HANDLERS_AT_MOST}) AS few LEFT JOIN LATERAL (
        SELECT next_at FROM runs WHERE runs.handler = few.handler AND status = 'ready'
        AND next_at <= now() ORDER BY handler, next_at LIMIT 1) AS oldest ON true
    ORDER BY age DESC NULLS LAST""")

# The statuses are not in the index, so the rows are read: no more than so many.
_UNFINISHED = text(f"""
    SELECT status, count(*) AS runs FROM (
        SELECT status FROM runs WHERE {status_in(RUN_UNFINISHED)}
        ORDER BY account, app_id, record_id, handler, seq LIMIT :most) AS unfinished
    GROUP BY status""")


@dataclass(frozen=True, slots=True)
class ReadyHandler:
    """A handler with runs that are ready, and since when the oldest of them is due."""

    handler: str
    age: timedelta | None
    """None: each of them waits for its time."""


@dataclass(frozen=True, slots=True)
class RunBacklog:
    """What is not finished, and what never will be by itself. All counts stop at `COUNTED_AT_MOST`."""

    unfinished: Mapping[RunStatus, int]
    """By status; statuses without runs are 0."""
    dead: int
    ready: tuple[ReadyHandler, ...]
    """The handlers with ready runs, the longest due first."""
    held_back: tuple[HandlerStanding, ...] = ()
    """The handlers whose runs do not begin as they come, by name."""


async def read_run_backlog(connection: AsyncConnection) -> RunBacklog:
    """Measure what waits for the handlers."""
    counted = await connection.execute(_UNFINISHED, {"most": COUNTED_AT_MOST})
    found = {RunStatus(row.status): int(row.runs) for row in counted}
    ready = await connection.execute(_READY)
    return RunBacklog(
        unfinished={status: found.get(status, 0) for status in sorted(RUN_UNFINISHED)},
        dead=await count_up_to(connection, "runs WHERE status = 'dead' ORDER BY finished_at"),
        ready=tuple(ReadyHandler(row.handler, row.age) for row in ready),
        held_back=tuple(await held_back(connection)),
    )
