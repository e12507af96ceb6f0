"""Which ticks are late: nobody claimed them, or nobody did what they called for."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_TICKS_AT_MOST = 1000

# A tick is called for again and again while nobody does it, so its lateness counts from what was done last.
_LATENESS = text("""
    SELECT name, key, greatest(now() - next_at, interval '0') AS unclaimed,
        CASE WHEN wanted_at > done_at THEN greatest(now() - (done_at + every), interval '0')
            WHEN done_at IS NULL THEN now() - wanted_at END AS undone
    FROM ticks ORDER BY name, key LIMIT :most""")


@dataclass(frozen=True, slots=True)
class TickLateness:
    """How late one tick is."""

    name: str
    key: str
    unclaimed: timedelta
    """For how long it is due and no scheduler took it."""
    undone: timedelta | None
    """For how long it should have been done again; None: nothing is called for."""


async def read_lateness(connection: AsyncConnection) -> list[TickLateness]:
    """Measure every tick: there is one per periodic work and what it is about."""
    rows = await connection.execute(_LATENESS, {"most": _TICKS_AT_MOST})
    return [TickLateness(row.name, row.key, row.unclaimed, row.undone) for row in rows]
