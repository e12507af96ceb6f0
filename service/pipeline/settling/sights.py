"""Turn what was seen of an app's records into snapshots, changes, runs and settled deliveries.

One transaction of ours, whoever looked: settle now, reconcile and backfill later. The caller holds what
entitles it to write (the slot) and commits.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy.ext.asyncio import AsyncConnection

from service.alarms.repository import AlarmName, raise_alarm
from service.budget.pacing import Standing
from service.changes.absence import may_be_deleted
from service.changes.decision import Decision, Hint, Look, Recheck, Sight, Snapshot
from service.changes.diff import same_json
from service.changes.judging import decide
from service.changes.types import Change, Fields, Origin
from service.handlers.repository import NewRun, insert_runs
from service.inbox.batching import DueDelivery
from service.inbox.repository import Verdict, hinted_records, store_verdicts
from service.lifecycle import DeliveryOutcome, DeliveryStatus
from service.links.repository import insert_expansions
from service.pipeline.rulebook import Rulebook
from service.pipeline.settling.cooling import rests_of
from service.pipeline.settling.deletions import judge_deletions
from service.pipeline.settling.echoes import ComputedIn, find_echoes, none_computed
from service.pipeline.settling.findings import (
    changes_of,
    expansions_of,
    judge_changes,
    seen_by_rules,
    with_echoes,
)
from service.pipeline.settling.loops import hold_loops, tell_loops
from service.pipeline.settling.verdicts import verdicts_of
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
    standing: Standing | None = None
    """The account's budget: records rest after a look as long as it wants; None: they do not."""
    computed_in: ComputedIn = none_computed

    def hints(self, record_id: str) -> list[Hint]:
        """Give the hints that led to the look at a record."""
        return [due.hint for due in self.due.get(record_id, ())]

    def part(self, record_ids: Iterable[str]) -> "Sights":
        """Give the same look, of some of the records only."""
        chosen = set(record_ids)
        return replace(
            self,
            seen={record_id: sight for record_id, sight in self.seen.items() if record_id in chosen},
            due={record_id: due for record_id, due in self.due.items() if record_id in chosen},
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
    """Of the runs that need not await linked records."""
    expansions: int = 0
    """How many changes, by rule, await linked records."""

    def __add__(self, other: "Stored") -> "Stored":
        return Stored(
            self.changes + other.changes,
            self.runs + other.runs,
            self.unchanged + other.unchanged,
            self.again + other.again,
            self.dead + other.dead,
            self.handlers | other.handlers,
            self.expansions + other.expansions,
        )


async def store_sights(
    connection: AsyncConnection, sights: Sights, rulebook: Rulebook, recheck: Recheck
) -> Stored:
    """Store one look. A record that somebody saw after this look began is left alone, with its deliveries.

    Locks the records, then the deliveries. Raises what the database raises, and what a record's own
    values make a rule or the comparison raise: the caller finds the record by halving.
    """
    locked = await lock_records(connection, sights.account, sights.app_id, list(sights.seen))
    view = await view_app(connection, sights.account, sights.app_id)
    judged = {
        record_id: (locked[record_id], sight)
        for record_id, sight in sights.seen.items()
        if sights.started > locked[record_id].seen
    }
    tells_unchanged = rulebook.tells_unchanged(sights.account, sights.app_id, view.name)
    decisions = await _decide(connection, sights, judged, view, recheck, tells_unchanged=tells_unchanged)
    await _store_snapshots(connection, sights, locked, decisions, recheck)
    changes = changes_of(decisions, sights.due, sights.origin)
    echoes = await find_echoes(
        connection,
        sights.account,
        sights.app_id,
        view,
        changes.values(),
        computed_in=sights.computed_in,
    )
    changes = with_echoes(changes, echoes)
    seen = [_seen_by_rules(sights, new, view) for new in changes.values()]
    ruled = judge_changes(seen, view, rulebook, echoes)
    if changes:
        await insert_changes(
            connection,
            sights.account,
            sights.app_id,
            list(changes.values()),
            sight=sights.started,
            call_id=sights.call_id,
            rules_digest=rulebook.digest,
            verdicts=ruled.verdicts,
        )
    runs = await hold_loops(
        connection, ruled.runs, changes, rulebook, account=sights.account, app_id=sights.app_id
    )
    if runs:
        await insert_runs(connection, sights.account, sights.app_id, runs, rules_digest=rulebook.digest)
    expansions = expansions_of(runs, rulebook)
    if expansions:
        await insert_expansions(connection, sights.account, expansions)
    verdicts = verdicts_of(decisions, changes)
    if verdicts:
        await store_verdicts(connection, verdicts, call_id=sights.call_id)
    await _tell_left_fields(connection, sights, decisions, rulebook.named.get(sights.account, frozenset()))
    await tell_loops(connection, sights.account, sights.app_id, runs)
    return _count(verdicts.values(), changes=len(changes), runs=runs, expansions=len(expansions))


async def _decide(
    connection: AsyncConnection,
    sights: Sights,
    judged: Mapping[str, tuple[LockedRecord, Fields | Sight]],
    view: AppView,
    recheck: Recheck,
    *,
    tells_unchanged: bool,
) -> dict[str, Decision]:
    account, app_id = sights.account, sights.app_id
    deletions = await judge_deletions(
        connection, account, app_id, seen=judged, due=sights.due, alone=sights.alone, every=recheck.held
    )
    look = Look(
        recheck,
        alone=sights.alone,
        schema=view.schema,
        watched_since=view.watched_since,
        floor=view.floor,
        held_for=deletions.held_for,
        accepted=deletions.accepted,
        tells_unchanged=tells_unchanged,
    )
    hints = {record_id: sights.hints(record_id) for record_id in judged}
    doubtful = [record_id for record_id in judged if may_be_deleted(sights.seen[record_id], hints[record_id])]
    own = [hint.id for record_id in doubtful for hint in hints[record_id]]
    hinted = await hinted_records(connection, account, app_id, since=own) if own else ()
    return {
        record_id: decide(
            record.snapshot,
            replace(record.memory, hinted=record_id in hinted),
            sight,
            hints[record_id],
            look,
        )
        for record_id, (record, sight) in judged.items()
    }


async def _store_snapshots(
    connection: AsyncConnection,
    sights: Sights,
    locked: Mapping[str, LockedRecord],
    decisions: Mapping[str, Decision],
    recheck: Recheck,
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
    hinted = {record_id: locked[record_id] for record_id in decisions if sights.due.get(record_id)}
    await store_snapshots(
        connection,
        sights.account,
        sights.app_id,
        changed=changed,
        unchanged=unchanged,
        rests=rests_of(hinted, sights.standing, first=recheck.first_rest) if sights.standing else {},
    )


def _seen_by_rules(sights: Sights, new: NewChange, view: AppView) -> Change:
    return seen_by_rules(new, view, account=sights.account, provider=sights.provider, app_id=sights.app_id)


async def _tell_left_fields(
    connection: AsyncConnection, sights: Sights, decisions: Mapping[str, Decision], named: Collection[str]
) -> None:
    """Raise an alarm for each field that left although a rule names it; it ends with the job `apps`."""
    for name in sorted({name for decision in decisions.values() for name in decision.left if name in named}):
        await raise_alarm(
            connection,
            AlarmName.FIELD_GONE,
            f"{sights.account}/{sights.app_id}/{name}",
            f"field {name} is no longer in app {sights.app_id} of account {sights.account}: its last values"
            " are kept, but rules see no more changes of it; correct those that name it, or bring it back",
        )


def _count(verdicts: Iterable[Verdict], *, changes: int, runs: Sequence[NewRun], expansions: int) -> Stored:
    listed = list(verdicts)
    return Stored(
        changes=changes,
        runs=len(runs),
        unchanged=sum(verdict.outcome is DeliveryOutcome.UNCHANGED for verdict in listed),
        again=sum(verdict.status is DeliveryStatus.RECHECK for verdict in listed),
        dead=sum(verdict.status is DeliveryStatus.DEAD for verdict in listed),
        handlers=frozenset(run.handler for run in runs if not run.awaits_links),
        expansions=expansions,
    )
