"""Changes as handlers get them, made from what a test cares for."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

from service.changes.types import App, Change, FieldDiff, Fields, Kind, Origin

CHANGE_ID = UUID("0199a000-0000-7000-8000-000000000001")
MOMENT = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)


def make_change(
    record: Fields | None,
    *,
    before: Fields | None = None,
    kind: Kind | str | None = None,
    record_id: str | None = None,
    account: str = "main",
    provider: str = "fusioo",
    app: App | None = None,
    origin: Origin | str = Origin.WEBHOOK,
    version: int | None = None,
    restored: bool = False,
    deliveries: int = 1,
    linked: Mapping[str, Sequence[Fields]] | None = None,
    gaps: Mapping[str, Sequence[str]] | None = None,
    change_id: UUID = CHANGE_ID,
    created_at: datetime = MOMENT,
) -> Change:
    """Make a change of `record`, the values after it (on delete the last known ones, or None).

    `before` holds the values of the fields that differ, before the change: with it the change is an update
    and has a diff, without it a create, unless `kind` says otherwise. The record gets its id, if it has
    none. `linked` is what a rule's `expand` brings, by path. Raises ValueError for an unknown kind or
    origin, and for a create or a delete with `before`: these have no diff.
    """
    of = Kind(kind) if kind is not None else Kind.CREATE if before is None else Kind.UPDATE
    if before is not None and of is not Kind.UPDATE:
        raise ValueError(f"a {of.value} has no diff: leave `before` out")
    known = record or {}
    identity = record_id or str(known.get("id", "i59adb"))
    return Change(
        id=change_id,
        account=account,
        provider=provider,
        app=app or App("ia4f42", "Tasks"),
        record_id=identity,
        kind=of,
        origin=Origin(origin),
        version=version or (1 if of is Kind.CREATE else 2),
        record=None if record is None else {"id": identity, **record},
        diff=None
        if before is None
        else {name: FieldDiff(value, known.get(name)) for name, value in before.items()},
        created_at=created_at,
        restored=restored,
        deliveries=deliveries,
        linked={path: tuple(records) for path, records in (linked or {}).items()},
        gaps={path: tuple(ids) for path, ids in (gaps or {}).items()},
    )
