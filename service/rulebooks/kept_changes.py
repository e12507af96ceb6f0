"""Stored changes with all that it takes to judge them again. Every query reads, none writes."""

from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.changes.diff import read_diff
from service.changes.types import App, Change, Kind, Origin
from service.errors import NotFoundError
from service.rules.linked import Linked
from service.rules.rejudging import KeptChange

_AT_ONCE = 500
"""Rows that are in memory at one time."""

_KEPT = """
    SELECT changes.id, changes.account, changes.app_id, apps.name AS app_name, record_id, version, kind,
        origin, restored, diff, after, deliveries, created_at, rules_digest, verdicts,
        ARRAY(SELECT DISTINCT rule FROM runs
            WHERE runs.change_id = changes.id AND replay = 0 AND status <> 'skipped') AS fired,
        (SELECT jsonb_object_agg(rule, jsonb_build_array(linked, gaps)) FROM expansions
            WHERE expansions.change_id = changes.id AND finished_at IS NOT NULL) AS linked
    FROM changes LEFT JOIN apps ON apps.account = changes.account AND apps.app_id = changes.app_id"""
_CHOSEN = """created_at >= :since AND created_at < :until
    AND (CAST(:app_ids AS text[]) IS NULL OR changes.app_id = ANY(CAST(:app_ids AS text[])))"""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Which changes are judged again."""

    since: datetime
    until: datetime
    """Changes of this moment are not among them."""
    app_ids: Collection[str] | None = None
    """None: of all apps."""

    def values(self) -> dict[str, Any]:
        """Give what the queries ask for."""
        app_ids = None if self.app_ids is None else list(self.app_ids)
        return {"since": self.since, "until": self.until, "app_ids": app_ids}


async def read_moment(connection: AsyncConnection) -> datetime:
    """Give the database's time, by which changes were stored."""
    moment: datetime = (await connection.execute(text("SELECT now()"))).scalar_one()
    return moment


async def count_changes(connection: AsyncConnection, stretch: Stretch) -> int:
    """Count the changes of a stretch."""
    query = text(f"SELECT count(*) FROM changes WHERE {_CHOSEN}")
    found: int = (await connection.execute(query, stretch.values())).scalar_one()
    return found


async def read_kept_changes(connection: AsyncConnection, stretch: Stretch) -> AsyncIterator[KeptChange]:
    """Read the changes of a stretch in their order, however many: with a cursor on the server."""
    query = text(f"{_KEPT} WHERE {_CHOSEN} ORDER BY created_at").execution_options(yield_per=_AT_ONCE)
    async with connection.stream(query, stretch.values()) as rows:
        async for row in rows:
            yield _kept(row)


async def read_kept_change(connection: AsyncConnection, change_id: UUID) -> KeptChange:
    """Read one change. Raises NotFoundError."""
    query = text(f"{_KEPT} WHERE changes.id = :id")
    row = (await connection.execute(query, {"id": change_id})).one_or_none()
    if row is None:
        raise NotFoundError(
            f"there is no change {change_id}; `relay changes list` shows the newest,"
            " `relay deliveries show` what became of a delivery"
        )
    return _kept(row)


def _kept(row: Row[Any]) -> KeptChange:
    diff = read_diff(row.diff)
    change = Change(
        id=row.id,
        account=row.account,
        provider="",  # rules do not look at it
        app=App(row.app_id, row.app_name or row.app_id),
        record_id=row.record_id,
        kind=Kind(row.kind),
        origin=Origin(row.origin),
        version=row.version,
        record=row.after,
        diff=diff,
        created_at=row.created_at,
        restored=row.restored,
        deliveries=row.deliveries,
    )
    return KeptChange(
        change=change,
        rules_digest=row.rules_digest,
        verdicts=row.verdicts,
        fired=frozenset(row.fired),
        linked={
            rule: Linked(records or {}, gaps or {}) for rule, (records, gaps) in (row.linked or {}).items()
        },
    )
