"""Turn what was seen of an app's records into snapshots, changes, runs and settled deliveries.

One transaction of ours, whoever looked: settle now, reconcile and backfill later. The caller holds what
entitles it to write (the slot) and commits.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from service.alarms.repository import AlarmName, raise_alarm
from service.changes.decision import Again, Decision, Fate, Look, Sight, Snapshot, decide
from service.changes.diff import same_json
from service.changes.types import App, Change, Fields, Origin
from service.handlers.repository import NewRun, insert_runs
from service.inbox.batching import DueDelivery
from service.inbox.repository import Verdict, store_verdicts
from service.lifecycle import DeliveryOutcome, DeliveryStatus
from service.pipeline.rulebook import Rulebook
from service.records.repository import LockedRecord, NewChange, insert_changes, lock_records, store_snapshots
from service.registrations.apps import AppView, view_app


@dataclass(frozen=True, slots=True)
class Sights:
    """What one look at some records of an app showed."""

    account: str
    provider: str
    app_id: str
    started: int
    """The sight taken before the look began."""
    seen: Mapping[str, Fields | Sight]
    """By record id: its fields, or that there were none."""
    due: Mapping[str, Sequence[DueDelivery]] = field(default_factory=dict)
    """The deliveries that led to the look, by record id."""
    alone: bool = False
    origin: Origin = Origin.WEBHOOK
    call_id: int | None = None

    def part(self, record_ids: Iterable[str]) -> "Sights":
        """Give the same look, of some of the records only."""
        chosen = set(record_ids)
        return Sights(
            self.account,
            self.provider,
            self.app_id,
            self.started,
            {record_id: sight for record_id, sight in self.seen.items() if record_id in chosen},
            {record_id: due for record_id, due in self.due.items() if record_id in chosen},
            self.alone,
            self.origin,
            self.call_id,
        )


@dataclass(frozen=True, slots=True)
class Stored:
    """What a look led to, for the log and the doorbells."""

    changes: int = 0
    runs: int = 0
    unchanged: int = 0
    again: int = 0
    dead: int = 0
    handlers: frozenset[str] = frozenset()

    def __add__(self, other: "Stored") -> "Stored":
        return Stored(
            self.changes + other.changes,
            self.runs + other.runs,
            self.unchanged + other.unchanged,
            self.again + other.again,
            self.dead + other.dead,
            self.handlers | other.handlers,
        )


@dataclass(frozen=True, slots=True)
class Recheck:
    """After how long a doubtful look is repeated."""

    soon: timedelta
    later: timedelta

    def pause(self, again: Again) -> timedelta:
        """Say how long; zero for at once."""
        return {Again.NOW: timedelta(0), Again.SOON: self.soon, Again.LATER: self.later}[again]


async def store_sights(
    connection: AsyncConnection, sights: Sights, rulebook: Rulebook, recheck: Recheck
) -> Stored:
    """Store one look. A record that somebody saw after this look began is left alone, with its deliveries.

    Locks the records, then the deliveries. Raises what the database raises, and what a record's own
    values make a rule or the comparison raise: the caller finds the record by halving.
    """
    locked = await lock_records(connection, sights.account, sights.app_id, list(sights.seen))
    view = await view_app(connection, sights.account, sights.app_id)
    look = Look(alone=sights.alone, schema=view.schema, watched_since=view.watched_since)
    decisions = {
        record_id: decide(
            locked[record_id].snapshot, sight, [due.hint for due in sights.due.get(record_id, ())], look
        )
        for record_id, sight in sights.seen.items()
        if sights.started > locked[record_id].seen
    }
    await _store_snapshots(connection, sights, locked, decisions)
    changes = _changes(sights, decisions)
    runs = _runs(sights, changes, view, rulebook)
    if changes:
        await insert_changes(
            connection,
            sights.account,
            sights.app_id,
            list(changes.values()),
            sight=sights.started,
            call_id=sights.call_id,
            rules_digest=rulebook.digest,
        )
    if runs:
        await insert_runs(connection, sights.account, sights.app_id, runs)
    verdicts = _verdicts(decisions, changes, recheck)
    if verdicts:
        await store_verdicts(connection, verdicts, call_id=sights.call_id)
    await _tell_left_fields(connection, sights, decisions)
    return _count(verdicts.values(), changes=len(changes), runs=runs)


async def _store_snapshots(
    connection: AsyncConnection,
    sights: Sights,
    locked: Mapping[str, LockedRecord],
    decisions: Mapping[str, Decision],
) -> None:
    changed: dict[str, Snapshot] = {}
    unchanged: list[str] = []
    for record_id, decision in decisions.items():
        before, after = locked[record_id].snapshot, decision.snapshot
        same = before.version == after.version and same_json(before.fields, after.fields)
        if same:
            unchanged.append(record_id)
        else:
            changed[record_id] = after
    await store_snapshots(connection, sights.account, sights.app_id, changed=changed, unchanged=unchanged)


def _changes(sights: Sights, decisions: Mapping[str, Decision]) -> dict[str, NewChange]:
    changes = {}
    for record_id, decision in decisions.items():
        if decision.finding is None:
            continue
        settled = [
            due
            for due in sights.due.get(record_id, ())
            if decision.fates[due.hint.id].outcome is DeliveryOutcome.CHANGED
        ]
        changes[record_id] = NewChange(
            id=uuid7(),
            record_id=record_id,
            version=decision.snapshot.version,
            kind=decision.finding.kind,
            origin=sights.origin,
            restored=decision.finding.restored,
            diff=decision.finding.diff,
            record=decision.finding.record,
            deliveries=len(settled),
            first_received_at=min((due.received_at for due in settled), default=None),
        )
    return changes


def _runs(
    sights: Sights, changes: Mapping[str, NewChange], view: AppView, rulebook: Rulebook
) -> list[NewRun]:
    runs = []
    for new in changes.values():
        change = _as_seen_by_rules(sights, new, view)
        for verdict in rulebook.matcher.match(change, {view.name: sights.app_id}):
            if not verdict.matched:
                continue
            runs += [
                NewRun(uuid7(), new.id, new.record_id, verdict.rule, handler, rulebook.ordered[handler])
                for handler in rulebook.runs[verdict.rule]
            ]
    return runs


def _as_seen_by_rules(sights: Sights, new: NewChange, view: AppView) -> Change:
    return Change(
        id=new.id,
        account=sights.account,
        provider=sights.provider,
        app=App(sights.app_id, view.name),
        record_id=new.record_id,
        kind=new.kind,
        origin=new.origin,
        version=new.version,
        record=new.record,
        diff=new.diff,
        created_at=view.now,
        restored=new.restored,
        deliveries=new.deliveries,
    )


def _verdicts(
    decisions: Mapping[str, Decision], changes: Mapping[str, NewChange], recheck: Recheck
) -> dict[int, Verdict]:
    return {
        delivery_id: _verdict(fate, changes[record_id].id if record_id in changes else None, recheck)
        for record_id, decision in decisions.items()
        for delivery_id, fate in decision.fates.items()
    }


def _verdict(fate: Fate, change_id: UUID | None, recheck: Recheck) -> Verdict:
    return Verdict(
        status=fate.status,
        outcome=fate.outcome,
        reason=fate.reason,
        change_id=change_id if fate.outcome is DeliveryOutcome.CHANGED else None,
        again_in=recheck.pause(fate.again) if fate.again else None,
    )


async def _tell_left_fields(
    connection: AsyncConnection, sights: Sights, decisions: Mapping[str, Decision]
) -> None:
    for name in sorted({name for decision in decisions.values() for name in decision.left}):
        await raise_alarm(
            connection,
            AlarmName.FIELD_GONE,
            f"{sights.account}/{sights.app_id}/{name}",
            f"field {name} is no longer in app {sights.app_id} of account {sights.account}: its last values"
            " are kept, but rules see no more changes of it; correct them, then run relay webhooks apply",
        )


def _count(verdicts: Iterable[Verdict], *, changes: int, runs: Sequence[NewRun]) -> Stored:
    listed = list(verdicts)
    return Stored(
        changes=changes,
        runs=len(runs),
        unchanged=sum(verdict.outcome is DeliveryOutcome.UNCHANGED for verdict in listed),
        again=sum(verdict.status is DeliveryStatus.RECHECK for verdict in listed),
        dead=sum(verdict.status is DeliveryStatus.DEAD for verdict in listed),
        handlers=frozenset(run.handler for run in runs),
    )
