"""Changes as people see them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from service.errors import NotFoundError
from service.records.models import ChangeRow


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeView:
    """One change."""

    id: UUID
    account: str
    app_id: str
    record_id: str
    version: int
    kind: str
    origin: str
    restored: bool
    diff: dict[str, dict[str, Any]] | None
    """Field id → `{"before": …, "after": …}`; None on create, first sight and delete."""
    deliveries: int
    first_received_at: datetime | None
    call_id: int | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeDetail(ChangeView):
    """One change with the record as it was after it."""

    record: dict[str, Any] | None
    """On delete the last known state, or None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedChange(ChangeView):
    """One change with what one rule said of it when it was stored."""

    decided_by: str | None
    """What decided that the rule does not match; None: it matched."""


_LONGEST_STORING = timedelta(minutes=1)
"""What one call showed is stored within that: in one transaction, or in a few where one record is odd."""

_COLUMNS = [getattr(ChangeRow, name) for name in ChangeView.__dataclass_fields__]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeFilter:
    """Changes for which all of this holds; None: no matter what."""

    account: str | None = None
    app_ids: list[str] | None = None
    record_id: str | None = None
    kind: str | None = None
    origin: str | None = None
    before: tuple[datetime, UUID] | None = None
    """Older than the one that was stored then, with this id."""

    def newest_first(self, query: Select[Any]) -> Select[Any]:
        """Leave only these changes in a query of changes, the newest first."""
        for column, value in (
            (ChangeRow.account, self.account),
            (ChangeRow.record_id, self.record_id),
            (ChangeRow.kind, self.kind),
            (ChangeRow.origin, self.origin),
        ):
            if value is not None:
                query = query.where(column == value)
        if self.app_ids is not None:
            query = query.where(ChangeRow.app_id.in_(self.app_ids))
        if self.before is not None:
            query = query.where(tuple_(ChangeRow.created_at, ChangeRow.id) < self.before)
        return query.order_by(ChangeRow.created_at.desc(), ChangeRow.id.desc())


_ANY = ChangeFilter()


async def list_changes(
    connection: AsyncConnection, chosen: ChangeFilter = _ANY, *, limit: int = 50
) -> list[ChangeView]:
    """The newest changes first."""
    query = chosen.newest_first(select(*_COLUMNS)).limit(limit)
    return [
        ChangeView(**{**row, "diff": _sides(row["diff"])})
        for row in (await connection.execute(query)).mappings()
    ]


async def list_judged_changes(
    connection: AsyncConnection, chosen: ChangeFilter = _ANY, *, rule: str, missed: bool, limit: int = 50
) -> list[JudgedChange]:
    """The newest changes first that a rule matched when they were stored, or (`missed`) did not match.

    Only changes of the rule's own account and app: it says nothing of others.
    """
    decided_by = ChangeRow.verdicts[rule].astext
    query = chosen.newest_first(select(*_COLUMNS, decided_by.label("decided_by")))
    query = query.where(ChangeRow.verdicts.has_key(rule)).limit(limit)
    query = query.where(decided_by.is_not(None) if missed else decided_by.is_(None))
    return [
        JudgedChange(**{**row, "diff": _sides(row["diff"])})
        for row in (await connection.execute(query)).mappings()
    ]


async def show_change(connection: AsyncConnection, change_id: UUID) -> ChangeDetail:
    """One change. Raises NotFoundError."""
    row = (
        (
            await connection.execute(
                select(*_COLUMNS, ChangeRow.after.label("record")).where(ChangeRow.id == change_id)
            )
        )
        .mappings()
        .one_or_none()
    )
    if row is None:
        raise NotFoundError(f"there is no change {change_id}; `relay changes list` shows the newest")
    return ChangeDetail(**{**row, "diff": _sides(row["diff"])})


async def count_changes_of_call(connection: AsyncConnection, call_id: int, *, stored_at: datetime) -> int:
    """Count the changes that one call showed; one of them was stored at that moment."""
    near = ChangeRow.created_at.between(stored_at - _LONGEST_STORING, stored_at + _LONGEST_STORING)
    query = select(func.count()).select_from(ChangeRow).where(near, ChangeRow.call_id == call_id)
    return (await connection.execute(query)).scalar_one()


def _sides(diff: dict[str, list[Any]] | None) -> dict[str, dict[str, Any]] | None:
    if diff is None:
        return None
    return {field: {"before": before, "after": after} for field, (before, after) in diff.items()}
