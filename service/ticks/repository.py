"""Every query on ticks: what is due, what was called for, and who does it.

Any number of schedulers claim ticks and any number of workers take jobs: a row lock decides, no leader does.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.db.processes import HOLDER_LOST

_STILL_WANTED = "wanted_at IS NOT NULL AND (done_at IS NULL OR wanted_at > done_at)"
_FREE = f"""(
    ticks.holder IS NULL OR ticks.holder = :process_id OR {HOLDER_LOST.format(holder="ticks.holder")})"""

_ENSURE = text("""
    INSERT INTO ticks (name, key, every) VALUES (:name, :key, :every)
    ON CONFLICT (name, key) DO UPDATE
    SET every = excluded.every, next_at = least(ticks.next_at, now() + excluded.every)
    WHERE ticks.every <> excluded.every""")
_FORGET_LEFT = text("""
    DELETE FROM ticks WHERE key <> '' AND NOT EXISTS (
        SELECT FROM unnest(CAST(:names AS text[]), CAST(:keys AS text[])) AS kept (name, key)
        WHERE kept.name = ticks.name AND kept.key = ticks.key)""")
_HASTEN = text("""
    UPDATE ticks SET next_at = now() + CAST(:due_in AS interval)
    WHERE name = :name AND key = :key AND next_at > now() + CAST(:due_in AS interval)""")
_CLAIM_DUE = text("""
    WITH due AS (
        SELECT name, key FROM ticks WHERE next_at <= now() ORDER BY next_at LIMIT 100
        FOR UPDATE SKIP LOCKED)
    UPDATE ticks SET wanted_at = now(), next_at = greatest(ticks.next_at + every, now() + every * 0.5)
    FROM due WHERE ticks.name = due.name AND ticks.key = due.key
    RETURNING ticks.name, ticks.key""")
_MARK_DONE = text("UPDATE ticks SET done_at = now() WHERE name = :name AND key = :key")
_OVERDUE = text(f"""
    SELECT name, key FROM ticks
    WHERE {_STILL_WANTED} AND wanted_at < now() - CAST(:patience AS interval)
    AND name <> ALL(:without) ORDER BY wanted_at LIMIT 100""")
_TAKE_JOB = text(f"""
    UPDATE ticks SET token = :token, holder = :process_id
    WHERE name = :name AND key = :key AND {_STILL_WANTED} AND {_FREE}
    RETURNING token""")
_FINISH_JOB = text("""
    UPDATE ticks SET done_at = now(), token = NULL, holder = NULL WHERE token = :token RETURNING token""")
_GIVE_UP_JOB = text("UPDATE ticks SET token = NULL, holder = NULL WHERE token = :token")


@dataclass(frozen=True, slots=True)
class DueTick:
    """Something periodic whose time has come."""

    name: str
    key: str


async def ensure(connection: AsyncConnection, name: str, key: str, every: timedelta) -> None:
    """Make a tick, first due at once; one that is there already keeps its time and gets the new period."""
    await connection.execute(_ENSURE, {"name": name, "key": key, "every": every})


async def forget_left(connection: AsyncConnection, kept: Collection[DueTick]) -> None:
    """Remove the ticks that are about something (their key says what) and are not among these any more."""
    ordered = sorted((tick.name, tick.key) for tick in kept)
    values = {"names": [name for name, _ in ordered], "keys": [key for _, key in ordered]}
    await connection.execute(_FORGET_LEFT, values)


async def hasten(
    connection: AsyncConnection, name: str, key: str, *, due_in: timedelta = timedelta(0)
) -> None:
    """Let a tick be due `due_in` from now; one that is not there, or due before that, stays as it is."""
    await connection.execute(_HASTEN, {"name": name, "key": key, "due_in": due_in})


async def claim_due(connection: AsyncConnection) -> list[DueTick]:
    """Claim the due ticks: each is given to one caller only, and called for again a period later.

    Ticks that nobody claimed for long are not made up for: they are due once, not once per missed period.
    """
    return [DueTick(name, key) for name, key in await connection.execute(_CLAIM_DUE)]


async def mark_done(connection: AsyncConnection, tick: DueTick) -> None:
    """Note that a tick without a lease was answered."""
    await connection.execute(_MARK_DONE, {"name": tick.name, "key": tick.key})


async def overdue(
    connection: AsyncConnection, *, patience: timedelta, without: Collection[str]
) -> list[DueTick]:
    """List the jobs called for longer than `patience` ago and not done, also those that somebody is doing.

    Ringing for those costs nothing: the lease decides. `without` names the ticks that are no jobs.
    """
    rows = await connection.execute(_OVERDUE, {"patience": patience, "without": list(without)})
    return [DueTick(name, key) for name, key in rows]


async def take_job(
    connection: AsyncConnection, name: str, key: str, *, process_id: UUID, lost_after: timedelta
) -> UUID | None:
    """Take the lease of a job that was called for. Gives its token; None: done already, or somebody is at it.

    The lease of a process without a beat for `lost_after` is free, and so is one of the caller's own process:
    it stands there because the note of its end was lost. The caller knows what it is doing at the moment.
    """
    values = {"name": name, "key": key, "process_id": process_id, "lost_after": lost_after, "token": uuid4()}
    token: UUID | None = (await connection.execute(_TAKE_JOB, values)).scalar_one_or_none()
    return token


async def finish_job(connection: AsyncConnection, token: UUID) -> bool:
    """Mark a job as done and free its lease. False: the lease was lost, and nothing was written."""
    return (await connection.execute(_FINISH_JOB, {"token": token})).one_or_none() is not None


async def give_up_job(connection: AsyncConnection, token: UUID) -> None:
    """Free the lease of a job that failed; it is still called for."""
    await connection.execute(_GIVE_UP_JOB, {"token": token})
