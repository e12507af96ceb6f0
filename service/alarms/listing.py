"""Alarms as people see them, with who was told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_LIST = """
    SELECT id, name, subject, message, raised_at, cleared_at, (
        SELECT coalesce(jsonb_agg(jsonb_build_object('handler', handler, 'kind', kind, 'status', status,
            'attempts', attempts, 'error', error) ORDER BY seq), '[]')
        FROM notices WHERE notices.alarm_id = alarms.id) AS told
    FROM alarms {chosen} ORDER BY {order} LIMIT :limit"""
_LASTING, _OLDER_LASTING = (
    text(_LIST.format(chosen=f"WHERE cleared_at IS NULL {older}", order="raised_at DESC, id DESC"))
    for older in ("", "AND (raised_at, id) < (:raised_at, :id)")
)
_ALL, _OLDER = (text(_LIST.format(chosen=older, order="id DESC")) for older in ("", "WHERE id < :id"))


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmView:
    """One onset of an alarm."""

    id: int
    name: str
    subject: str
    message: str
    raised_at: datetime
    cleared_at: datetime | None
    """None: it lasts."""
    told: Sequence[Mapping[str, Any]]
    """For each notice its `handler`, `kind` (raised, cleared), `status`, `attempts` and last `error`."""


async def list_alarms(
    connection: AsyncConnection,
    *,
    over_too: bool,
    before: tuple[datetime, int] | None = None,
    limit: int = 50,
) -> list[AlarmView]:
    """List the alarms that last, or also those that are over; the newest first.

    `before`: older than the one raised then, with this id.
    """
    values: dict[str, object] = {"limit": limit}
    if before is None:
        query = _ALL if over_too else _LASTING
    else:
        query = _OLDER if over_too else _OLDER_LASTING
        values["id"] = before[1]
        if not over_too:
            values["raised_at"] = before[0]
    rows = await connection.execute(query, values)
    return [AlarmView(**row) for row in rows.mappings()]


async def does_last(connection: AsyncConnection, name: str, subject: str) -> bool:
    """Tell whether an alarm lasts."""
    found = await connection.execute(
        text("SELECT FROM alarms WHERE name = :name AND subject = :subject AND cleared_at IS NULL"),
        {"name": name, "subject": subject},
    )
    return found.one_or_none() is not None
