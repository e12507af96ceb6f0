"""Whether a handler's runs may begin: who paused it, and its circuit breaker.

Every query on `handler_states`, beside what claiming reads and writes there (`claims`).

A breaker is open from the last of so many failures in a row to the first success. While it is open one run is
tried now and then, and only what becomes of that one counts: attempts that began before tell nothing new.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.rules.discipline import Breaker

LONGEST_PAUSE = timedelta(minutes=10)
"""The pause between two tries of a handler that fails grows up to this."""

_COLUMNS = (
    "handler, paused_at, paused_because, failures_in_row, opened_at, probe_at, now() AS moment, next_start_at"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HandlerStanding:
    """What is known of a handler; most interesting where its runs do not begin as they come."""

    handler: str
    paused_at: datetime | None
    """Since when it is paused."""
    paused_because: str | None
    failures_in_row: int
    opened_at: datetime | None
    """Since when its breaker is open."""
    probe_at: datetime | None
    """When one run is tried next."""
    moment: datetime
    """The database's time of this look."""
    next_start_at: datetime | None = None
    """When the next run may begin at an even pace, for handlers with a `rate`."""


@dataclass(frozen=True, slots=True)
class Failure:
    """What a failed attempt made of its handler's breaker."""

    in_row: int
    probe_at: datetime | None
    """When one run is tried; None: the breaker is closed."""


async def held_back(connection: AsyncConnection) -> list[HandlerStanding]:
    """List the handlers that are paused, or whose breaker is open, by name."""
    rows = await connection.execute(
        text(
            f"""
            SELECT {_COLUMNS} FROM handler_states
            WHERE paused_at IS NOT NULL OR opened_at IS NOT NULL ORDER BY handler"""
        )
    )
    return [HandlerStanding(**row) for row in rows.mappings()]


async def read_standings(connection: AsyncConnection) -> list[HandlerStanding]:
    """List what is known of every handler that ever failed, was paused, or has a rate, by name."""
    rows = await connection.execute(text(f"SELECT {_COLUMNS} FROM handler_states ORDER BY handler"))
    return [HandlerStanding(**row) for row in rows.mappings()]


async def pause_handler(connection: AsyncConnection, handler: str, because: str | None) -> bool:
    """Let no run of a handler begin. False: it was paused already; its reason is replaced if there is one."""
    row = await connection.execute(
        text(
            """
            INSERT INTO handler_states AS state (handler, paused_at, paused_because)
            VALUES (:handler, now(), :because)
            ON CONFLICT (handler) DO UPDATE SET paused_at = coalesce(state.paused_at, excluded.paused_at),
                paused_because = coalesce(excluded.paused_because, state.paused_because)
            RETURNING paused_at = now()"""
        ),
        {"handler": handler, "because": because},
    )
    return bool(row.scalar_one())


async def resume_handler(connection: AsyncConnection, handler: str) -> None:
    """Let a handler's runs begin, whatever held them back; what was counted of it is forgotten."""
    await connection.execute(
        text(
            """
            INSERT INTO handler_states (handler, resumed_at) VALUES (:handler, now())
            ON CONFLICT (handler) DO UPDATE SET paused_at = NULL, paused_because = NULL, failures_in_row = 0,
                opened_at = NULL, probe_at = NULL, resumed_at = excluded.resumed_at"""
        ),
        {"handler": handler},
    )


async def note_failure(
    connection: AsyncConnection, handler: str, breaker: Breaker, *, run_id: UUID, number: int
) -> Failure | None:
    """Count a failed attempt; None: it does not count, for the breaker was open and it was not the try."""
    row = (
        await connection.execute(
            text(
                """
                INSERT INTO handler_states AS state (handler, failures_in_row, opened_at, probe_at)
                VALUES (:handler, 1, CASE WHEN :failures <= 1 THEN now() END,
                    CASE WHEN :failures <= 1 THEN now() + CAST(:pause AS interval) END)
                ON CONFLICT (handler) DO UPDATE SET failures_in_row = state.failures_in_row + 1,
                    opened_at = CASE WHEN state.opened_at IS NOT NULL THEN state.opened_at
                        WHEN state.failures_in_row + 1 >= :failures THEN now() END,
                    probe_at = CASE WHEN state.opened_at IS NOT NULL
                        OR state.failures_in_row + 1 >= :failures
                    THEN now() + least(:longest, :pause * power(2,
                        least(20, greatest(0, state.failures_in_row + 1 - :failures)))) END
                WHERE state.opened_at IS NULL OR state.probe_at <= (
                    SELECT started_at FROM attempts WHERE run_id = :run_id AND number = :number)
                RETURNING failures_in_row, probe_at"""
            ),
            {
                "handler": handler,
                "failures": breaker.failures,
                "pause": breaker.pause,
                "longest": max(LONGEST_PAUSE, breaker.pause),
                "run_id": run_id,
                "number": number,
            },
        )
    ).one_or_none()
    return None if row is None else Failure(row.failures_in_row, row.probe_at)


async def note_success(connection: AsyncConnection, handler: str) -> bool:
    """Forget the failures in a row. True: the breaker was open, and is closed now."""
    row = (
        await connection.execute(
            text(
                """
                UPDATE handler_states SET failures_in_row = 0, opened_at = NULL, probe_at = NULL
                FROM (SELECT opened_at AS since FROM handler_states WHERE handler = :handler FOR UPDATE)
                    AS before
                WHERE handler = :handler AND failures_in_row > 0 RETURNING before.since IS NOT NULL"""
            ),
            {"handler": handler},
        )
    ).one_or_none()
    return row is not None and bool(row[0])
