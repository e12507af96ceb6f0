"""Every status in the database, and the only moves between them.

Nothing else in the project lists statuses; the tables' CHECK constraints and indexes are built from here.
"""

from collections.abc import Mapping
from enum import StrEnum


class DeliveryStatus(StrEnum):
    """A delivery from its receipt until it is known what became of it."""

    PENDING = "pending"
    RECHECK = "recheck"
    """Looked at, but the answer may be stale or the record not yet visible: asked again at `due_at`."""
    SETTLED = "settled"
    DEAD = "dead"


class DeliveryOutcome(StrEnum):
    """What a settled delivery turned out to be."""

    CHANGED = "changed"
    UNCHANGED = "unchanged"
    GONE = "gone"
    """The record is not there, and we never saw it: there is nothing to tell."""
    HIDDEN = "hidden"
    """The record exists, but our token may not read it."""


class RecordState(StrEnum):
    """What the last sight of a record was."""

    UNSEEN = "unseen"
    LIVE = "live"
    DELETED = "deleted"


class RunStatus(StrEnum):
    """A run from its creation until nothing more will happen to it by itself."""

    PENDING_LINKS = "pending_links"
    """Its linked records are still being fetched (`expand`)."""
    WAITING = "waiting"
    """An earlier run of the same record and handler is not finished."""
    READY = "ready"
    """To be claimed from `next_at` on."""
    RUNNING = "running"
    DONE = "done"
    DEAD = "dead"
    DISCARDED = "discarded"
    SKIPPED = "skipped"
    """What its rule asks of linked records does not hold: its handler was never called."""


class WalkPurpose(StrEnum):
    """Why all records of an app are read, page by page."""

    BACKFILL = "backfill"
    """A person asked for it: every record into snapshots."""
    FULL_SWEEP = "full_sweep"
    """What reconcile can't see is found: deletions, and changes that move no stamp."""


class AttemptOutcome(StrEnum):
    """How one try at a run ended. NULL while it is under way."""

    DONE = "done"
    FAILED = "failed"
    LOST = "lost"
    """Its process was lost; whether the handler acted is not known."""
    DEFERRED = "deferred"
    """It found no budget; it does not count as a try."""


class NoticeStatus(StrEnum):
    """What became of telling one handler of an alarm that was raised, or cleared."""

    READY = "ready"
    """To be claimed from `next_at` on, after the earlier ones of its alarm's name and subject."""
    RUNNING = "running"
    DONE = "done"
    DEAD = "dead"
    DISCARDED = "discarded"
    """Not told, for there is nothing to tell: what was over came back at once."""


class RegistrationStatus(StrEnum):
    """Our webhook at the provider."""

    CREATING = "creating"
    """The key is committed, the provider's answer (with the secret) is not yet."""
    ACTIVE = "active"
    RETIRING = "retiring"
    """Replaced or unwanted; deliveries are still accepted until it is deleted at the provider."""
    DELETED = "deleted"


DELIVERY_MOVES: Mapping[DeliveryStatus, frozenset[DeliveryStatus]] = {
    DeliveryStatus.PENDING: frozenset({DeliveryStatus.RECHECK, DeliveryStatus.SETTLED, DeliveryStatus.DEAD}),
    DeliveryStatus.RECHECK: frozenset({DeliveryStatus.RECHECK, DeliveryStatus.SETTLED, DeliveryStatus.DEAD}),
    DeliveryStatus.SETTLED: frozenset(),
    DeliveryStatus.DEAD: frozenset({DeliveryStatus.PENDING}),  # a person asks for it to be tried again
}

RUN_MOVES: Mapping[RunStatus, frozenset[RunStatus]] = {
    RunStatus.PENDING_LINKS: frozenset(
        {RunStatus.WAITING, RunStatus.READY, RunStatus.DISCARDED, RunStatus.SKIPPED}
    ),
    RunStatus.WAITING: frozenset({RunStatus.READY, RunStatus.DISCARDED}),
    # Ready to waiting: an earlier run of the record is retried by a person, and goes first.
    RunStatus.READY: frozenset({RunStatus.RUNNING, RunStatus.WAITING, RunStatus.DISCARDED}),
    RunStatus.RUNNING: frozenset({RunStatus.READY, RunStatus.DONE, RunStatus.DEAD, RunStatus.DISCARDED}),
    RunStatus.DONE: frozenset(),
    RunStatus.DEAD: frozenset({RunStatus.READY, RunStatus.WAITING, RunStatus.DISCARDED}),  # a person's act
    RunStatus.DISCARDED: frozenset(),
    RunStatus.SKIPPED: frozenset(),
}

NOTICE_MOVES: Mapping[NoticeStatus, frozenset[NoticeStatus]] = {
    NoticeStatus.READY: frozenset({NoticeStatus.RUNNING, NoticeStatus.DISCARDED}),
    NoticeStatus.RUNNING: frozenset(
        {NoticeStatus.READY, NoticeStatus.DONE, NoticeStatus.DEAD, NoticeStatus.DISCARDED}
    ),
    NoticeStatus.DONE: frozenset(),
    NoticeStatus.DEAD: frozenset(),
    NoticeStatus.DISCARDED: frozenset(),
}

DELIVERY_UNFINISHED = frozenset({DeliveryStatus.PENDING, DeliveryStatus.RECHECK})
RUN_UNFINISHED = frozenset({RunStatus.PENDING_LINKS, RunStatus.WAITING, RunStatus.READY, RunStatus.RUNNING})
NOTICE_UNFINISHED = frozenset({NoticeStatus.READY, NoticeStatus.RUNNING})
RUN_FINISHED = frozenset(RunStatus) - RUN_UNFINISHED
"""Dead, discarded and skipped runs count as finished for the order of a record's runs."""
