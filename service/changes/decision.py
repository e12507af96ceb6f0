"""What one look at one record means: a change or none, and the fate of each hint that led to it. Pure.

The rules stand in DESIGN §5, "The kind is found by state" and "Absent is not yet deleted".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum

from service.changes.diff import compare
from service.changes.types import Diff, Fields, Kind
from service.lifecycle import DeliveryOutcome, DeliveryStatus, RecordState

CREATED_SLACK = timedelta(minutes=5)
"""A record created so shortly before we began to watch may still be new to us: clocks differ."""
ALONE_AT = 2
"""After so many doubtful looks in a batch, a record is asked for alone."""


class Sight(Enum):
    """What a look found, where it found no fields."""

    ABSENT = "absent"
    HIDDEN = "hidden"


@dataclass(frozen=True, slots=True)
class Hint:
    """A delivery, as far as it matters here. `kind` None: it does not say what happened."""

    id: int
    kind: Kind | None
    looks: int = 0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The last state of a record that we saw."""

    state: RecordState = RecordState.UNSEEN
    version: int = 0
    fields: Fields | None = None


class Again(Enum):
    """When a doubtful look is repeated."""

    NOW = "now"
    SOON = "soon"
    LATER = "later"


@dataclass(frozen=True, slots=True)
class Recheck:
    """After how long a doubtful look is repeated."""

    soon: timedelta
    later: timedelta

    def pause(self, again: Again) -> timedelta:
        """Say how long; zero for at once."""
        return {Again.NOW: timedelta(0), Again.SOON: self.soon, Again.LATER: self.later}[again]


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of one hint. `again` is set exactly when `status` is RECHECK."""

    status: DeliveryStatus
    outcome: DeliveryOutcome | None = None
    again: Again | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """A change in the making: it gets its id and time when it is stored."""

    kind: Kind
    record: Fields | None
    diff: Diff | None = None
    restored: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome of one look: the new snapshot, the change if there is one, the fate of each hint."""

    snapshot: Snapshot
    finding: Finding | None = None
    fates: Mapping[int, Fate] = field(default_factory=dict)
    left: frozenset[str] = frozenset()
    """Fields that we know and that are no longer in the app's schema."""


@dataclass(frozen=True, slots=True)
class Look:
    """How a look was made, and what is known of the app."""

    alone: bool = False
    """The record was asked for by itself, not as one of an app's batch."""
    schema: frozenset[str] | None = None
    """The app's field ids; None: not known."""
    watched_since: datetime | None = None
    """When we began to watch the app (aware); None: not known."""


def decide(snapshot: Snapshot, sight: Fields | Sight, hints: Sequence[Hint], look: Look) -> Decision:
    """Say what a look at one record means. `sight` is its fields, or that there were none."""
    if sight is Sight.HIDDEN:
        return Decision(
            snapshot, fates=_all(hints, _settled(DeliveryOutcome.HIDDEN, "our credentials may not read it"))
        )
    if isinstance(sight, Sight):
        return _absent(snapshot, hints, alone=look.alone)
    if look.alone:
        return _found_alone(snapshot, hints)
    return _found(snapshot, sight, hints, look)


def _found(snapshot: Snapshot, fields: Fields, hints: Sequence[Hint], look: Look) -> Decision:
    comparison = compare(snapshot.fields, fields, schema_fields=look.schema)
    finding: Finding | None
    if snapshot.state is RecordState.UNSEEN:
        new = _is_new(fields, hints, look.watched_since)
        finding = Finding(Kind.CREATE if new else Kind.UPDATE, comparison.fields)
    elif snapshot.state is RecordState.DELETED:
        finding = Finding(Kind.CREATE, comparison.fields, restored=True)
    elif comparison.diff:
        finding = Finding(Kind.UPDATE, comparison.fields, comparison.diff)
    else:
        finding = None
    kept = Snapshot(RecordState.LIVE, snapshot.version + (finding is not None), comparison.fields)
    fates = {hint.id: _fate_of_found(hint, changed=finding is not None) for hint in hints}
    return Decision(kept, finding, fates, comparison.left)


def _fate_of_found(hint: Hint, *, changed: bool) -> Fate:
    if hint.kind is Kind.DELETE and hint.looks == 0:
        return _again(Again.SOON, "a delete was announced, but the record is still there")
    if changed:
        return _settled(DeliveryOutcome.CHANGED)
    if hint.kind is not Kind.CREATE and hint.looks == 0:
        return _again(Again.SOON, "nothing has changed yet")
    return _settled(DeliveryOutcome.UNCHANGED)


def _absent(snapshot: Snapshot, hints: Sequence[Hint], *, alone: bool) -> Decision:
    announced = any(hint.kind is Kind.DELETE for hint in hints)
    if snapshot.state is RecordState.DELETED:
        return Decision(
            snapshot,
            fates={
                hint.id: _settled(DeliveryOutcome.UNCHANGED)
                if announced or alone or hint.looks >= ALONE_AT
                else _still_absent(hint)
                for hint in hints
            },
        )
    if announced or (alone and snapshot.state is RecordState.LIVE):
        gone = Snapshot(RecordState.DELETED, snapshot.version + 1, snapshot.fields)
        return Decision(
            gone, Finding(Kind.DELETE, snapshot.fields), _all(hints, _settled(DeliveryOutcome.CHANGED))
        )
    if alone:
        return Decision(
            snapshot, fates=_all(hints, _settled(DeliveryOutcome.GONE, "there is no such record"))
        )
    return Decision(snapshot, fates={hint.id: _still_absent(hint) for hint in hints})


def _still_absent(hint: Hint) -> Fate:
    if hint.looks > ALONE_AT:
        return Fate(
            DeliveryStatus.DEAD,
            reason="the record exists, but is none of this app's",
        )
    return _again(Again.LATER if hint.looks else Again.SOON, "the record is not there")


def _found_alone(snapshot: Snapshot, hints: Sequence[Hint]) -> Decision:
    # One record alone does not say of which app it is: only the app's own batch may show its fields.
    return Decision(
        snapshot, fates=_all(hints, _again(Again.NOW, "it exists; asked for among its app again"))
    )


def _is_new(fields: Fields, hints: Sequence[Hint], watched_since: datetime | None) -> bool:
    created = parse_stamp(fields.get("created"))
    if created is None or watched_since is None:
        return any(hint.kind is Kind.CREATE for hint in hints)
    return created >= watched_since - CREATED_SLACK


def parse_stamp(text: object) -> datetime | None:
    """Read a system stamp (`2023-09-23T20:07:12`, without a zone: UTC). None for anything else."""
    if not isinstance(text, str):
        return None
    try:
        stamp = datetime.fromisoformat(text)
    except ValueError:
        return None
    return stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC)


def _settled(outcome: DeliveryOutcome, reason: str | None = None) -> Fate:
    return Fate(DeliveryStatus.SETTLED, outcome, reason=reason)


def _again(again: Again, reason: str) -> Fate:
    return Fate(DeliveryStatus.RECHECK, again=again, reason=reason)


def _all(hints: Sequence[Hint], fate: Fate) -> dict[int, Fate]:
    return {hint.id: fate for hint in hints}
