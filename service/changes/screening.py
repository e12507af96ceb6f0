"""What a record in a provider's list tells that nobody hinted at: is it as we know it? Pure.

A list may be stale, and a webhook may be on its way: so nothing is concluded here but that a record must be
looked at. Settling does that, some seconds later.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from service.changes.decision import Snapshot
from service.changes.diff import compare
from service.changes.judging import is_new, is_older, parse_stamp
from service.changes.types import Fields
from service.lifecycle import RecordState


class Screened(Enum):
    """What a listed record is to us."""

    KNOWN = "known"
    """As we know it."""
    DIFFERENT = "different"
    """It differs, is back, or was never seen and created or edited since we watch: a change, perhaps."""
    STRANGE = "strange"
    """Never seen, and as it was before our watching."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What is known of an app, and since when it is watched; each as in `Look`."""

    schema: frozenset[str] | None
    since: datetime | None
    floor: str | None = None


def screen(snapshot: Snapshot, listed: Fields, watched: Watched) -> Screened:
    """Compare a listed record with its snapshot."""
    if snapshot.state is RecordState.UNSEEN:
        return Screened.DIFFERENT if _is_of_our_time(listed, watched) else Screened.STRANGE
    if snapshot.state is RecordState.DELETED:
        return Screened.DIFFERENT
    differs = compare(snapshot.fields, listed, schema_fields=watched.schema).diff
    return Screened.DIFFERENT if differs and not is_older(listed, snapshot) else Screened.KNOWN


def screen_all(
    snapshots: Mapping[str, Snapshot],
    listed: Mapping[str, Fields],
    watched: Watched,
) -> dict[Screened, list[str]]:
    """Compare listed records, by id, with their snapshots; one without a snapshot was never seen."""
    found: dict[Screened, list[str]] = {each: [] for each in Screened}
    for record_id, fields in listed.items():
        snapshot = snapshots.get(record_id, Snapshot())
        found[screen(snapshot, fields, watched)].append(record_id)
    return found


def _is_of_our_time(listed: Fields, watched: Watched) -> bool:
    """Whether a record that was never seen was created, or edited, since its app is watched."""
    if watched.since is None or is_new(listed, (), watched.since):
        return True
    shown, floor = parse_stamp(listed.get("last_modified")), parse_stamp(watched.floor)
    return shown is not None and floor is not None and shown > floor
