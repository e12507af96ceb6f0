"""Changes as people see them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
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


_COLUMNS = [getattr(ChangeRow, name) for name in ChangeView.__dataclass_fields__]


async def list_changes(
    connection: AsyncConnection,
    *,
    account: str | None = None,
    app_ids: list[str] | None = None,
    record_id: str | None = None,
    kind: str | None = None,
    limit: int = 50,
) -> list[ChangeView]:
    """The newest changes first."""
    query = select(*_COLUMNS).order_by(ChangeRow.created_at.desc(), ChangeRow.id.desc()).limit(limit)
    if account is not None:
        query = query.where(ChangeRow.account == account)
    if app_ids is not None:
        query = query.where(ChangeRow.app_id.in_(app_ids))
    if record_id is not None:
        query = query.where(ChangeRow.record_id == record_id)
    if kind is not None:
        query = query.where(ChangeRow.kind == kind)
    return [
        ChangeView(**{**row, "diff": _sides(row["diff"])})
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


def _sides(diff: dict[str, list[Any]] | None) -> dict[str, dict[str, Any]] | None:
    if diff is None:
        return None
    return {field: {"before": before, "after": after} for field, (before, after) in diff.items()}
