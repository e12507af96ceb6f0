"""The values around one look at one record: what was known, what led to the look, what it means. Pure.

`judging.decide` makes a `Decision` of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from uuid import UUID

from service.changes.types import Diff, Fields, Kind, Origin
from service.lifecycle import DeliveryOutcome, DeliveryStatus, RecordState

ALONE_AT = 3
"""After so many looks in a batch that did not find it, a record is asked for alone."""
HOLD_PAUSE = timedelta(minutes=5)


class Sight(Enum):
    """What a look found, where it found no fields."""

    ABSENT = "absent"
    HIDDEN = "hidden"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recheck:
    """After how long a doubtful look is repeated, and for how long a record rests."""

    soon: timedelta
    """An answer shows every edit that is at least so old: reads lag behind by less."""
    later: timedelta
    """After `soon` and `later` together every record that exists is shown."""
    first_rest: timedelta
    """For how long a record is left alone after a look at it; longer after several in a row."""
    held: timedelta = HOLD_PAUSE
    """How often it is seen whether records that are missing in masses are back."""

    @property
    def until_shown(self) -> timedelta:
        """How long a record that exists may be absent from answers after an edit."""
        return self.soon + self.later


@dataclass(frozen=True, slots=True)
class Hint:
    """A delivery, as far as it matters here. `kind` None: it does not say what happened."""

    id: int
    kind: Kind | None
    looks: int = 0
    """How many doubtful looks it has led to."""
    received_at: datetime = field(kw_only=True)
    waited: timedelta = field(kw_only=True)
    """For how long, when the look began."""
    request_id: UUID | None = field(default=None, kw_only=True)
    """The request that brought it."""
    led_to_change: bool = field(default=False, kw_only=True)
    """Whether an earlier look for it found a change."""
    origin: Origin = field(default=Origin.WEBHOOK, kw_only=True)
    """Who told of it: a webhook, or we ourselves, who noticed that no webhook did."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The last state of a record that we saw."""

    state: RecordState = RecordState.UNSEEN
    version: int = 0
    fields: Fields | None = None


@dataclass(frozen=True, slots=True)
class Memory:
    """What else is known of a record."""

    seen_at: datetime | None = None
    """When the last look at it was stored, whatever that found."""
    missing_for: timedelta | None = None
    """For how long it is missing, although nobody said that it was deleted; None: it was there."""
    hinted: bool = False
    """Whether unsettled deliveries of it came after those of the look (asked where it may be deleted)."""


@dataclass(frozen=True, slots=True)
class Look:
    """How a look was made, and what is known of the app."""

    recheck: Recheck
    alone: bool = False
    """The record was asked for by itself, not as one of an app's batch."""
    schema: frozenset[str] | None = None
    """The app's field ids; None: not known."""
    watched_since: datetime | None = None
    """When we began to watch the app (aware); None: not known."""
    floor: str | None = None
    """The provider's newest stamp when we first read its list, by its own clock; None: not known."""
    held_for: timedelta | None = None
    """Too many of the app's records are missing: each is asked for again after so long; None: not so."""
    accepted: bool = False
    """A person said that what is missing is deleted."""
    tells_unchanged: bool = False
    """Some rule of the app has `unchanged`: settled hints make a change, also if nothing changed."""


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of one hint. `again_in` is set exactly when `status` is RECHECK."""

    status: DeliveryStatus
    outcome: DeliveryOutcome | None = None
    again_in: timedelta | None = None
    reason: str | None = None
    looks: int | None = None
    """How many doubtful looks it has led to now; None: one more."""
    leads_to_change: bool = False
    """Asked again, but it led to the change that was found."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A change in the making: it gets its id and time when it is stored."""

    kind: Kind
    record: Fields | None
    diff: Diff | None = None
    """Empty: nothing differs, and rules with `unchanged` are told so."""
    restored: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome of one look: the new snapshot, the change if there is one, the fate of each hint."""

    snapshot: Snapshot
    finding: Finding | None = None
    fates: Mapping[int, Fate] = field(default_factory=dict)
    left: frozenset[str] = frozenset()
    """Fields that we know and that are no longer in the app's schema."""


def settled(hint: Hint, outcome: DeliveryOutcome, reason: str | None = None) -> Fate:
    """Settle a hint. One that led to a change before is not settled by less."""
    if outcome is DeliveryOutcome.UNCHANGED and hint.led_to_change:
        return Fate(DeliveryStatus.SETTLED, DeliveryOutcome.CHANGED)
    return Fate(DeliveryStatus.SETTLED, outcome, reason=reason)


def asked_again(again_in: timedelta, reason: str, *, looks: int | None = None) -> Fate:
    """Ask for a hint's record again."""
    return Fate(DeliveryStatus.RECHECK, again_in=max(again_in, timedelta(0)), reason=reason, looks=looks)
