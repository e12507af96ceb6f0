"""What one look at one record means: a change or none, and the fate of each hint that led to it. Pure.

What a look finds is taken for true at once. But an answer may be stale, so a hint is settled only where
nothing that it tells of can be missing:

* It was received `soon` before the look began: by then its edit is visible to every reader.
* Or it is the only thing that happened to the record: the change that was found is the one it tells of. That
  is so if no other request hinted at it, and no other look was near: what was hinted before is settled, and
  has been visible to every reader since.
* Or a newer one is left open: of several, the newest is asked for again, and its edit comes with all before.

So the last hint of a record is settled by an answer that shows all edits (`docs/decisions/0013-doubts.md`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from service.changes.absence import judge_absence
from service.changes.decision import (
    Decision,
    Fate,
    Finding,
    Hint,
    Look,
    Memory,
    Sight,
    Snapshot,
    asked_again,
    settled,
)
from service.changes.diff import compare
from service.changes.types import Fields, Kind, Origin
from service.changes.unchanged import tell_unchanged
from service.lifecycle import DeliveryOutcome, RecordState

CREATED_SLACK = timedelta(minutes=5)
"""A record created so shortly before we began to watch may still be new to us: clocks differ."""


BASELINE_GRACE = timedelta(seconds=60)
"""A webhook that comes so soon after a record was taken in by backfill tells of an edit that this showed."""


def decide(
    snapshot: Snapshot, memory: Memory, sight: Fields | Sight, hints: Sequence[Hint], look: Look
) -> Decision:
    """Say what a look at one record means. `sight` is its fields, or that there were none."""
    decision = _decide(snapshot, memory, sight, hints, look)
    return tell_unchanged(decision, hints) if look.tells_unchanged else decision


def _decide(
    snapshot: Snapshot, memory: Memory, sight: Fields | Sight, hints: Sequence[Hint], look: Look
) -> Decision:
    if sight is Sight.HIDDEN:
        reason = "our credentials may not read it"
        return Decision(
            snapshot, fates={hint.id: settled(hint, DeliveryOutcome.HIDDEN, reason) for hint in hints}
        )
    if isinstance(sight, Sight):
        return judge_absence(snapshot, memory, hints, look)
    if look.alone:
        # One record alone does not say of which app it is: only the app's own batch may show its fields.
        again = asked_again(timedelta(0), "it exists; asked for among its app again")
        return Decision(snapshot, fates=dict.fromkeys((hint.id for hint in hints), again))
    young = [hint for hint in hints if hint.waited < look.recheck.soon]
    if young and is_older(sight, snapshot):
        return Decision(snapshot, fates=dict(_fates_of_stale(hints, look)))
    return _found(snapshot, memory, sight, hints, look)


def _found(snapshot: Snapshot, memory: Memory, fields: Fields, hints: Sequence[Hint], look: Look) -> Decision:
    comparison = compare(snapshot.fields, fields, schema_fields=look.schema)
    finding: Finding | None
    if snapshot.state is RecordState.UNSEEN:
        new = is_new(fields, hints, look.watched_since, floor=look.floor)
        finding = Finding(Kind.CREATE if new else Kind.UPDATE, comparison.fields)
    elif snapshot.state is RecordState.DELETED:
        finding = Finding(Kind.CREATE, comparison.fields, restored=True)
    elif comparison.diff:
        finding = Finding(Kind.UPDATE, comparison.fields, comparison.diff)
    elif _was_taken_in_edited(snapshot, memory, hints):
        finding = Finding(Kind.UPDATE, comparison.fields)
    else:
        finding = None
    kept = Snapshot(RecordState.LIVE, snapshot.version + (finding is not None), comparison.fields)
    sure = _is_sure(snapshot, memory, hints, look)
    fates = _fates_of_found(hints, look, changed=finding is not None, sure=sure)
    return Decision(kept, finding, fates, comparison.left)


def _was_taken_in_edited(snapshot: Snapshot, memory: Memory, hints: Sequence[Hint]) -> bool:
    """Whether a webhook may tell of an edit that was there already when a backfill took in the record.

    Such a record has version 0: there was no change yet. What differed before that nobody knows.
    """
    return (
        snapshot.version == 0
        and memory.seen_at is not None
        and any(
            hint.origin is Origin.WEBHOOK and hint.received_at - memory.seen_at < BASELINE_GRACE
            for hint in hints
        )
    )


def _is_sure(snapshot: Snapshot, memory: Memory, hints: Sequence[Hint], look: Look) -> bool:
    """Whether what was found can come of nothing but the one request that hinted at it."""
    if len({hint.request_id for hint in hints}) > 1:
        return False
    if not hints or memory.seen_at is None:
        return True
    if memory.missing_for is not None or snapshot.state is RecordState.UNSEEN:
        return False
    near = look.recheck.soon if snapshot.state is RecordState.LIVE else look.recheck.until_shown
    return _newest(hints).received_at - memory.seen_at >= near


def _fates_of_found(hints: Sequence[Hint], look: Look, *, changed: bool, sure: bool) -> Mapping[int, Fate]:
    outcome = DeliveryOutcome.CHANGED if changed else DeliveryOutcome.UNCHANGED
    fates = {hint.id: settled(hint, outcome) for hint in hints}
    soon = look.recheck.soon
    for hint in hints:
        if hint.waited >= soon:
            continue
        if hint.kind is Kind.DELETE:
            reason = "a delete was announced, but the record is still there"
            fates[hint.id] = asked_again(soon - hint.waited, reason)
        elif not changed and not (sure and hint.kind is Kind.CREATE):
            fates[hint.id] = asked_again(soon - hint.waited, "nothing has changed yet")
    if changed and not sure:
        newest = _newest(hints)
        if newest.waited < soon and newest.kind is not Kind.DELETE:
            fates[newest.id] = replace(
                asked_again(soon - newest.waited, "changed; there may be more than was shown"),
                leads_to_change=True,
            )
    return fates


def _fates_of_stale(hints: Sequence[Hint], look: Look) -> Iterator[tuple[int, Fate]]:
    """Settle what even this answer shows; ask again for what is younger."""
    for hint in hints:
        wait = look.recheck.soon - hint.waited
        if wait > timedelta(0):
            yield hint.id, asked_again(wait, "the answer was older than what we know")
        else:
            yield hint.id, settled(hint, DeliveryOutcome.UNCHANGED)


def _newest(hints: Sequence[Hint]) -> Hint:
    return max(hints, key=lambda hint: (hint.received_at, hint.id))


def is_older(fields: Fields, snapshot: Snapshot) -> bool:
    """Whether an answer shows a state from before the last one that we saw."""
    if snapshot.state is not RecordState.LIVE or snapshot.fields is None:
        return False
    shown, known = (parse_stamp(each.get("last_modified")) for each in (fields, snapshot.fields))
    return shown is not None and known is not None and shown < known


def is_new(
    fields: Fields, hints: Sequence[Hint], watched_since: datetime | None, *, floor: str | None = None
) -> bool:
    """Whether a record that was never seen was created since we watch; without stamps, a hint says it.

    `floor`: a stamp of the provider's from the beginning of that time. Where its stamps are behind our clock,
    by a zone perhaps that they do not name, only this tells what is new.
    """
    created, since = parse_stamp(fields.get("created")), parse_stamp(floor)
    if created is None or watched_since is None:
        return any(hint.kind is Kind.CREATE for hint in hints)
    return created >= watched_since - CREATED_SLACK or (since is not None and created > since)


def parse_stamp(text: object) -> datetime | None:
    """Read a system stamp (`2023-09-23T20:07:12`, without a zone: UTC). None for anything else."""
    if not isinstance(text, str):
        return None
    try:
        stamp = datetime.fromisoformat(text)
    except ValueError:
        return None
    return stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC)
