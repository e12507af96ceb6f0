"""What it means that a look did not find a record: absent is not yet deleted. Pure.

* A delete was announced: it is deleted.
* Else it is asked for again `soon`, then `later`, each time in a batch; only then alone. Meanwhile whatever
  exists must have been shown, if nobody touched it: so it is asked alone, and believed to be deleted, only
  where no younger hint tells of an edit.
* Too many of an app's records are missing: nothing is asked alone and nothing deleted, until they are back
  or a person says that they are deleted. More likely our credentials lost a right.
"""

from collections.abc import Sequence
from datetime import timedelta

from service.changes.decision import (
    ALONE_AT,
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
from service.changes.types import Kind
from service.lifecycle import DeliveryOutcome, DeliveryStatus, RecordState

HELD = "too many records of its app are missing"
"""Why a delivery waits while deletions are held."""
_MISSING_AT_MOST = 20
_MISSING_SHARE = 0.05
_NOT_THERE = "the record is not there"


def are_too_many(missing: int, known: int) -> bool:
    """Whether so many of an app's records being missing within an hour is no longer believed."""
    return missing > max(_MISSING_AT_MOST, _MISSING_SHARE * known)


def enough_known(missing: int) -> int:
    """How many known records make `missing` few enough: counting more of them decides nothing."""
    return round(missing / _MISSING_SHARE)


def may_be_deleted(sight: object, hints: Sequence[Hint]) -> bool:
    """Whether this look at a record may be the one, or the last before the one, that finds it deleted."""
    return sight is Sight.ABSENT and any(hint.looks >= ALONE_AT - 1 for hint in hints)


def judge_absence(snapshot: Snapshot, memory: Memory, hints: Sequence[Hint], look: Look) -> Decision:
    """Say what it means that a record was not found."""
    told = _answered_by_a_delete(hints)
    if snapshot.state is RecordState.DELETED:
        return Decision(snapshot, fates=_fates_of_deleted(hints, told, DeliveryOutcome.UNCHANGED, look))
    if told:
        return _deleted(snapshot, _fates_of_deleted(hints, told, DeliveryOutcome.CHANGED, look))
    return _missing(snapshot, memory, hints, look)


def _missing(snapshot: Snapshot, memory: Memory, hints: Sequence[Hint], look: Look) -> Decision:
    """Say what it means that a record was not found, of which nobody said that it was deleted."""
    is_live = snapshot.state is RecordState.LIVE
    accepted = look.accepted and memory.missing_for is not None
    if is_live and look.held_for is not None:
        fates = {
            hint.id: asked_again(look.held_for, HELD, looks=min(hint.looks, ALONE_AT - 1)) for hint in hints
        }
        return Decision(snapshot, fates=fates)
    sure = _is_sure(memory, hints, look, is_live=is_live)
    if is_live and (accepted or (look.alone and sure)):
        return _deleted(snapshot, {hint.id: settled(hint, DeliveryOutcome.CHANGED) for hint in hints})
    if look.alone and sure:
        reason = "there is no such record"
        gone = {hint.id: settled(hint, DeliveryOutcome.GONE, reason) for hint in hints}
        return Decision(snapshot, fates=gone)
    return Decision(snapshot, fates={hint.id: _doubted(hint, look, sure=sure) for hint in hints})


def _answered_by_a_delete(hints: Sequence[Hint]) -> set[int]:
    """Give the hints up to the newest announced delete: who was told of later may be back since."""
    order = {hint.id: (hint.received_at, hint.id) for hint in hints}
    last = max((order[hint.id] for hint in hints if hint.kind is Kind.DELETE), default=None)
    return set() if last is None else {hint_id for hint_id, place in order.items() if place <= last}


def _deleted(snapshot: Snapshot, fates: dict[int, Fate]) -> Decision:
    gone = Snapshot(RecordState.DELETED, snapshot.version + 1, snapshot.fields)
    return Decision(gone, Finding(Kind.DELETE, snapshot.fields), fates)


def _fates_of_deleted(
    hints: Sequence[Hint], told: set[int], outcome: DeliveryOutcome, look: Look
) -> dict[int, Fate]:
    """Settle the hints of a deleted record; a younger one is asked for again: it may come back."""
    return {
        hint.id: settled(hint, outcome)
        if hint.id in told or hint.looks >= ALONE_AT - 1
        else _doubted(hint, look, sure=False)
        for hint in hints
    }


def _is_sure(memory: Memory, hints: Sequence[Hint], look: Look, *, is_live: bool) -> bool:
    """Whether a record that existed would have been shown by now."""
    until_shown = look.recheck.until_shown
    if memory.hinted or any(hint.waited < until_shown for hint in hints):
        return False
    return not is_live or (memory.missing_for or timedelta(0)) >= until_shown


def _doubted(hint: Hint, look: Look, *, sure: bool) -> Fate:
    if hint.looks > ALONE_AT and not look.alone:
        return Fate(DeliveryStatus.DEAD, reason="the record exists, but is none of this app's")
    if hint.looks == 0:
        return asked_again(look.recheck.soon, _NOT_THERE)
    if hint.looks < ALONE_AT - 1:
        return asked_again(look.recheck.later, _NOT_THERE)
    if sure:
        return asked_again(timedelta(0), _NOT_THERE, looks=ALONE_AT)
    return asked_again(look.recheck.later, _NOT_THERE, looks=ALONE_AT - 1)
