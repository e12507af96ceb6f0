"""What it means that a look did not find its record, case by case."""

from dataclasses import replace
from datetime import timedelta

import pytest

from service.changes.absence import are_too_many, enough_known, may_be_deleted
from service.changes.decision import Look, Memory, Sight, Snapshot
from service.changes.judging import decide
from service.changes.types import Kind
from service.lifecycle import DeliveryOutcome, DeliveryStatus, RecordState
from tests.fixtures.hints import CHANGED, RECHECK, UNCHANGED, again, fates, hint

FIELDS = {"id": "i1", "rev": 1}
LIVE = Snapshot(RecordState.LIVE, 3, FIELDS)
DELETED = Snapshot(RecordState.DELETED, 4, FIELDS)
UNSEEN = Snapshot()
MISSING = Memory(missing_for=timedelta(seconds=35))
BATCH, ALONE = Look(RECHECK), Look(RECHECK, alone=True)
GONE = (DeliveryStatus.SETTLED, DeliveryOutcome.GONE, None)


def test_an_announced_delete_needs_one_look() -> None:
    decision = decide(LIVE, Memory(), Sight.ABSENT, [hint(Kind.DELETE)], BATCH)
    assert decision.finding is not None
    assert (decision.finding.kind, decision.finding.record) == (Kind.DELETE, FIELDS)
    assert decision.snapshot == Snapshot(RecordState.DELETED, 4, FIELDS)
    assert fates(decision) == [CHANGED]


def test_an_announced_delete_of_a_record_we_never_saw_has_no_record() -> None:
    decision = decide(UNSEEN, Memory(), Sight.ABSENT, [hint(Kind.DELETE)], BATCH)
    assert decision.finding is not None
    assert (decision.finding.kind, decision.finding.record) == (Kind.DELETE, None)


def test_who_is_told_of_after_a_delete_may_be_back() -> None:
    hints = [
        hint(Kind.UPDATE, number=1, waited=3),
        hint(Kind.DELETE, number=2, waited=2),
        hint(Kind.CREATE, number=3, waited=1),
    ]
    assert fates(decide(LIVE, Memory(), Sight.ABSENT, hints, BATCH)) == [CHANGED, CHANGED, again(5)]
    assert fates(decide(DELETED, Memory(), Sight.ABSENT, hints, BATCH)) == [UNCHANGED, UNCHANGED, again(5)]


def test_a_deleted_record_that_does_not_come_back_is_asked_for_three_times() -> None:
    seen = [fates(decide(DELETED, Memory(), Sight.ABSENT, [hint(looks=looks)], BATCH)) for looks in (0, 1, 2)]
    assert seen == [[again(5)], [again(30)], [UNCHANGED]]


@pytest.mark.parametrize("snapshot", [LIVE, UNSEEN])
def test_an_unannounced_absence_is_asked_three_times_in_a_batch_then_alone(snapshot: Snapshot) -> None:
    first, second, third = (
        decide(snapshot, MISSING, Sight.ABSENT, [hint(looks=looks, waited=waited)], BATCH)
        for looks, waited in ((0, 0), (1, 5), (2, 35))
    )
    assert {first.finding, second.finding, third.finding} == {None}
    assert [fates(first), fates(second), fates(third)] == [[again(5)], [again(30)], [again(0)]]
    assert third.fates[1].looks == 3
    alone = decide(snapshot, MISSING, Sight.ABSENT, [hint(looks=3, waited=35)], ALONE)
    assert (alone.finding is None) == (snapshot is UNSEEN)
    assert fates(alone) == [GONE if snapshot is UNSEEN else CHANGED]


@pytest.mark.parametrize("snapshot", [LIVE, UNSEEN])
@pytest.mark.parametrize("looks", [2, 3])
@pytest.mark.parametrize(
    ("memory", "young"),
    [(MISSING, 34.9), (replace(MISSING, hinted=True), 35.0)],
)
def test_who_was_hinted_at_lately_is_neither_asked_alone_nor_deleted(
    snapshot: Snapshot, looks: int, memory: Memory, young: float
) -> None:
    hints = [hint(number=1, looks=looks, waited=60), hint(number=2, waited=young)]
    decision = decide(snapshot, memory, Sight.ABSENT, hints, ALONE if looks == 3 else BATCH)
    assert decision.finding is None
    assert fates(decision) == [again(30), again(5)]
    assert decision.fates[1].looks == 2


def test_who_was_there_meanwhile_is_not_deleted_yet() -> None:
    lately = Memory(missing_for=timedelta(seconds=34.9))
    decision = decide(LIVE, lately, Sight.ABSENT, [hint(looks=3, waited=60)], ALONE)
    assert (decision.finding, fates(decision)) == (None, [again(30)])


def test_held_deletions_wait_without_counting_looks() -> None:
    look = replace(BATCH, held_for=timedelta(minutes=5))
    decision = decide(LIVE, MISSING, Sight.ABSENT, [hint(looks=1), hint(number=2, looks=3)], look)
    assert (decision.finding, fates(decision)) == (None, [again(300), again(300)])
    assert [fate.looks for fate in decision.fates.values()] == [1, 2]
    announced = decide(LIVE, MISSING, Sight.ABSENT, [hint(Kind.DELETE)], look)
    assert announced.finding is not None


def test_what_a_person_accepts_is_deleted_by_the_second_look_in_a_batch() -> None:
    look = replace(BATCH, accepted=True)
    assert decide(LIVE, Memory(), Sight.ABSENT, [hint()], look).finding is None
    second = decide(LIVE, MISSING, Sight.ABSENT, [hint(looks=1)], look)
    assert second.finding is not None
    assert fates(second) == [CHANGED]


@pytest.mark.parametrize(
    ("missing", "known", "too_many"), [(20, 0, False), (21, 420, False), (21, 419, True), (501, 10_000, True)]
)
def test_how_many_are_too_many(missing: int, known: int, too_many: bool) -> None:
    assert are_too_many(missing, known) is too_many
    assert are_too_many(missing, min(known, enough_known(missing))) is too_many


def test_only_late_looks_that_find_nothing_may_delete() -> None:
    assert may_be_deleted(Sight.ABSENT, [hint(looks=2)])
    assert not may_be_deleted(Sight.ABSENT, [hint(looks=1)])
    assert not may_be_deleted(FIELDS, [hint(looks=3)])
