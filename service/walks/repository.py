"""Every query of walks under way: who reads on, how far the list was read, which records were seen."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.lifecycle import WalkPurpose

_BEGIN = text("""
    INSERT INTO walks (account, app_id, purpose, run_rules, since, sight)
    VALUES (:account, :app_id, :purpose, :run_rules, :since, nextval('sight')) ON CONFLICT DO NOTHING""")
_CLAIM = text("""
    UPDATE walks SET token = :token
    WHERE account = :account AND app_id = :app_id AND purpose = :purpose AND ended_at IS NULL
    RETURNING id, account, app_id, purpose, token, run_rules, since, sight, began_at, calls, expected, seen,
        taken_in, noticed, absent, missing, unstored, steady, course, failures""")
_DROP = text("""
    DELETE FROM walks WHERE account = :account AND app_id = :app_id AND purpose = :purpose
    AND ended_at IS NULL""")
_DROP_LEFT = text("""
    DELETE FROM walks WHERE account = :account AND app_id <> ALL(CAST(:app_ids AS text[]))
    AND purpose = 'full_sweep' AND ended_at IS NULL""")
_HOLD = text("SELECT FROM walks WHERE id = :id AND token = :token AND ended_at IS NULL FOR UPDATE")
_PROGRESS = text("""
    UPDATE walks SET calls = :calls, expected = :expected, seen = :seen, taken_in = :taken_in,
        noticed = :noticed, absent = :absent, missing = :missing, unstored = :unstored, steady = :steady,
        course = CAST(:course AS jsonb), failures = 0, error = NULL, next_at = now()
    WHERE id = :id""")
_FAILED = text("""
    UPDATE walks SET failures = failures + 1, error = :error, next_at = now() + :pause
    WHERE id = :id AND token = :token AND ended_at IS NULL""")
_FORGET_WALKED = text("DELETE FROM walked WHERE walk_id = :id")
_END = text("UPDATE walks SET ended_at = now(), course = NULL, token = NULL WHERE id = :id")
_FORGET_OLDER = text("""
    DELETE FROM walks WHERE account = :account AND app_id = :app_id AND purpose = :purpose
    AND ended_at IS NOT NULL AND id <> :id""")

# One by one along the key: "= ANY" looks like a reason to read the whole walk.
_MARKS = text("""
    SELECT marked.record_id, place FROM unnest(CAST(:record_ids AS text[])) AS wanted (record_id)
    CROSS JOIN LATERAL (SELECT record_id, place FROM walked
        WHERE walk_id = :id AND walked.record_id = wanted.record_id LIMIT 1) AS marked""")
_MARK = text("""
    INSERT INTO walked (walk_id, record_id, place)
    SELECT :id, record_id, place
    FROM unnest(CAST(:record_ids AS text[]), CAST(:places AS integer[])) AS marked (record_id, place)
    ON CONFLICT (walk_id, record_id) DO UPDATE SET place = excluded.place""")
_UNRANK = text("UPDATE walked SET place = NULL WHERE walk_id = :id AND place IS NOT NULL")


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """A walk under way, as whoever reads on holds it."""

    id: int
    account: str
    app_id: str
    purpose: WalkPurpose
    token: UUID
    run_rules: bool
    since: datetime | None
    """Only records modified since then, by the provider's own stamps; None: all."""
    sight: int
    """The sight taken before its first call."""
    began_at: datetime
    calls: int = 0
    expected: int | None = None
    seen: int = 0
    taken_in: int = 0
    noticed: int = 0
    absent: int = 0
    missing: int = 0
    unstored: int = 0
    steady: bool = False
    course: Mapping[str, Any] | None = None
    """How far the list was read (`pipeline/walking/course.py`); None: it was not begun."""
    failures: int = 0


async def begin_walk(
    connection: AsyncConnection,
    account: str,
    app_id: str,
    purpose: WalkPurpose,
    *,
    run_rules: bool = False,
    since: datetime | None = None,
) -> None:
    """Begin a walk, unless one of the same purpose is under way."""
    values = {"account": account, "app_id": app_id, "purpose": purpose}
    await connection.execute(_BEGIN, {**values, "run_rules": run_rules, "since": since})


async def claim_walk(
    connection: AsyncConnection, account: str, app_id: str, purpose: WalkPurpose, *, token: UUID
) -> Walk | None:
    """Take the walk that is under way from whoever had it; None: there is none."""
    values = {"account": account, "app_id": app_id, "purpose": purpose, "token": token}
    row = (await connection.execute(_CLAIM, values)).mappings().one_or_none()
    return None if row is None else Walk(**{**row, "purpose": WalkPurpose(row["purpose"])})


async def drop_walk(connection: AsyncConnection, account: str, app_id: str, purpose: WalkPurpose) -> None:
    """Forget a walk that is under way; what it found stays."""
    await connection.execute(_DROP, {"account": account, "app_id": app_id, "purpose": purpose})


async def drop_left_walks(connection: AsyncConnection, account: str, app_ids: Collection[str]) -> None:
    """Forget full sweeps that are under way of an account's apps, except these: nobody watches the others."""
    await connection.execute(_DROP_LEFT, {"account": account, "app_ids": list(app_ids)})


async def hold_walk(connection: AsyncConnection, walk: Walk) -> bool:
    """Lock the walk's row if it is still ours; whoever gets False must drop everything."""
    row = (await connection.execute(_HOLD, {"id": walk.id, "token": walk.token})).one_or_none()
    return row is not None


async def read_marks(
    connection: AsyncConnection, walk_id: int, record_ids: Collection[str]
) -> dict[str, int | None]:
    """Read which of some records the walk has seen, and their places in its list."""
    values = {"id": walk_id, "record_ids": list(record_ids)}
    return {row.record_id: row.place for row in await connection.execute(_MARKS, values)}


async def store_marks(connection: AsyncConnection, walk_id: int, marks: Mapping[str, int | None]) -> None:
    """Note that records were seen, and their places."""
    if marks:
        values = {"id": walk_id, "record_ids": list(marks), "places": list(marks.values())}
        await connection.execute(_MARK, values)


async def clear_places(connection: AsyncConnection, walk_id: int) -> None:
    """Forget the places of all records that were seen: the list is read anew."""
    await connection.execute(_UNRANK, {"id": walk_id})


async def store_progress(connection: AsyncConnection, walk: Walk) -> None:
    """Store how far a walk that is held has come."""
    course = None if walk.course is None else json.dumps(walk.course)
    values = {name: getattr(walk, name) for name in _COUNTED}
    await connection.execute(_PROGRESS, {**values, "id": walk.id, "steady": walk.steady, "course": course})


_COUNTED = ("calls", "expected", "seen", "taken_in", "noticed", "absent", "missing", "unstored")


async def note_failure(connection: AsyncConnection, walk: Walk, *, error: str, pause: timedelta) -> None:
    """Note why a walk could not go on, and that it is not tried again before `pause` has passed."""
    values = {"id": walk.id, "token": walk.token, "error": error, "pause": pause}
    await connection.execute(_FAILED, values)


async def end_walk(connection: AsyncConnection, walk: Walk) -> None:
    """End a walk that is held: the records that it saw are forgotten, and the ended walks before it."""
    await connection.execute(_FORGET_WALKED, {"id": walk.id})
    await connection.execute(_END, {"id": walk.id})
    values = {"account": walk.account, "app_id": walk.app_id, "purpose": walk.purpose, "id": walk.id}
    await connection.execute(_FORGET_OLDER, values)
