"""Which kinds of process live, by their beats."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_BEATS = text("""
    SELECT wanted.kind,
        (SELECT greatest(now() - greatest(beat_at, pg_postmaster_start_time()), interval '0')
            FROM processes WHERE processes.kind = wanted.kind ORDER BY beat_at DESC LIMIT 1) AS silence,
        (SELECT count(*) FROM processes WHERE processes.kind = wanted.kind
            AND greatest(beat_at, pg_postmaster_start_time()) >= now() - CAST(:lost_after AS interval)
        ) AS alive
    FROM unnest(CAST(:kinds AS text[])) AS wanted (kind)""")


@dataclass(frozen=True, slots=True)
class Beats:
    """What is heard of the processes of one kind."""

    kind: str
    alive: int
    """How many beat within `lost_after`."""
    silence: timedelta | None
    """Since the last beat of any of them, or the server's start if that is later; None: none is known."""


async def read_beats(
    connection: AsyncConnection, kinds: Sequence[str], *, lost_after: timedelta
) -> list[Beats]:
    """Listen for each of these kinds (`processes.kind`), in the order given."""
    rows = await connection.execute(_BEATS, {"kinds": list(kinds), "lost_after": lost_after})
    return [Beats(row.kind, row.alive, row.silence) for row in rows]
