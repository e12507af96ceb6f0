"""What a record in a provider's list tells that nobody hinted at: is it as we know it? Pure.

A list may be stale, and a webhook may be on its way: so nothing is concluded here but that a record must be
looked at. Settling does that, some seconds later.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import Enum

from service.changes.decision import Snapshot
from service.changes.diff import compare
from service.changes.judging import is_new, is_older
from service.changes.types import Fields
from service.lifecycle import RecordState


class Screened(Enum):
    """What a listed record is to us."""

    KNOWN = "known"
    """As we know it."""
    DIFFERENT = "different"
    """It differs, is back, or was created since we watch: a change that we may not have been told of."""
    STRANGE = "strange"
    """Never seen, and older than our watching."""


def screen(
    snapshot: Snapshot, listed: Fields, *, schema: frozenset[str] | None, watched_since: datetime | None
) -> Screened:
    """Compare a listed record with its snapshot; `schema` and `watched_since` as in `Look`."""
    if snapshot.state is RecordState.UNSEEN:
        new = watched_since is None or is_new(listed, (), watched_since)
        return Screened.DIFFERENT if new else Screened.STRANGE
    if snapshot.state is RecordState.DELETED:
        return Screened.DIFFERENT
    differs = compare(snapshot.fields, listed, schema_fields=schema).diff
    return Screened.DIFFERENT if differs and not is_older(listed, snapshot) else Screened.KNOWN


def screen_all(
    snapshots: Mapping[str, Snapshot],
    listed: Mapping[str, Fields],
    *,
    schema: frozenset[str] | None,
    watched_since: datetime | None,
) -> dict[Screened, list[str]]:
    """Compare listed records, by id, with their snapshots; one without a snapshot was never seen."""
    found: dict[Screened, list[str]] = {each: [] for each in Screened}
    for record_id, fields in listed.items():
        snapshot = snapshots.get(record_id, Snapshot())
        found[screen(snapshot, fields, schema=schema, watched_since=watched_since)].append(record_id)
    return found
