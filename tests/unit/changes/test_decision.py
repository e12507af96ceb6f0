"""What one look means, case by case (DESIGN §5)."""

from datetime import UTC, datetime, timedelta

import pytest

from service.changes.decision import Again, Decision, Hint, Look, Sight, Snapshot, decide, parse_stamp
from service.changes.types import FieldDiff, Kind
from service.lifecycle import DeliveryOutcome, DeliveryStatus, RecordState

SINCE = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)
FIELDS = {"id": "i1", "status": ["To do"], "created": "2026-11-22T05:00:00"}
LIVE = Snapshot(RecordState.LIVE, 3, FIELDS)
DELETED = Snapshot(RecordState.DELETED, 4, FIELDS)
UNSEEN = Snapshot()
LOOK = Look(watched_since=SINCE)


def hint(kind: Kind | None = Kind.UPDATE, looks: int = 0) -> Hint:
    return Hint(1, kind, looks)


def fate(decision: Decision) -> tuple[DeliveryStatus, DeliveryOutcome | None, Again | None]:
    only = decision.fates[1]
    return only.status, only.outcome, only.again


SETTLED_CHANGED = (DeliveryStatus.SETTLED, DeliveryOutcome.CHANGED, None)
SETTLED_UNCHANGED = (DeliveryStatus.SETTLED, DeliveryOutcome.UNCHANGED, None)
SOON = (DeliveryStatus.RECHECK, None, Again.SOON)
LATER = (DeliveryStatus.RECHECK, None, Again.LATER)


@pytest.mark.parametrize(
    ("created", "kind"),
    [
        ("2026-11-22T05:00:00", Kind.CREATE),
        ("2026-11-22T04:55:00", Kind.CREATE),
        ("2026-11-22T04:54:59", Kind.UPDATE),
        ("2026-11-22T04:30:00-0500", Kind.CREATE),
    ],
)
def test_first_sight_is_a_create_if_the_record_is_not_older_than_our_watch(created: str, kind: Kind) -> None:
    decision = decide(UNSEEN, {**FIELDS, "created": created}, [hint()], LOOK)
    assert decision.finding is not None
    assert (decision.finding.kind, decision.finding.diff, decision.snapshot.version) == (kind, None, 1)
    assert fate(decision) == SETTLED_CHANGED


@pytest.mark.parametrize(("announced", "kind"), [(Kind.CREATE, Kind.CREATE), (Kind.UPDATE, Kind.UPDATE)])
def test_without_a_stamp_the_hint_says_whether_first_sight_is_a_create(announced: Kind, kind: Kind) -> None:
    decision = decide(UNSEEN, {"id": "i1"}, [hint(announced)], LOOK)
    assert decision.finding is not None
    assert decision.finding.kind is kind


def test_a_difference_is_an_update_with_its_diff() -> None:
    decision = decide(LIVE, {**FIELDS, "status": ["Done"]}, [hint()], LOOK)
    assert decision.finding is not None
    assert decision.finding.kind is Kind.UPDATE
    assert decision.finding.diff == {"status": FieldDiff(["To do"], ["Done"])}
    assert decision.snapshot == Snapshot(RecordState.LIVE, 4, {**FIELDS, "status": ["Done"]})
    assert fate(decision) == SETTLED_CHANGED


def test_no_difference_is_asked_again_once() -> None:
    first, second = (decide(LIVE, FIELDS, [hint(looks=looks)], LOOK) for looks in (0, 1))
    assert (first.finding, fate(first)) == (None, SOON)
    assert (second.finding, fate(second)) == (None, SETTLED_UNCHANGED)
    assert first.snapshot.version == LIVE.version


def test_a_create_hint_for_a_known_record_is_settled_at_once() -> None:
    assert fate(decide(LIVE, FIELDS, [hint(Kind.CREATE)], LOOK)) == SETTLED_UNCHANGED


def test_system_stamps_alone_are_no_change_but_are_kept() -> None:
    touched = {**FIELDS, "last_modified": "2026-11-22T06:00:00"}
    decision = decide(LIVE, touched, [hint(looks=1)], LOOK)
    assert (decision.finding, decision.snapshot.version) == (None, 3)
    assert decision.snapshot.fields == touched


def test_a_deleted_record_that_is_back_is_a_restored_create() -> None:
    decision = decide(DELETED, FIELDS, [hint()], LOOK)
    assert decision.finding is not None
    assert (decision.finding.kind, decision.finding.restored, decision.finding.diff) == (
        Kind.CREATE,
        True,
        None,
    )
    assert decision.snapshot.version == 5


def test_an_announced_delete_needs_one_look() -> None:
    decision = decide(LIVE, Sight.ABSENT, [hint(Kind.DELETE)], LOOK)
    assert decision.finding is not None
    assert (decision.finding.kind, decision.finding.record) == (Kind.DELETE, FIELDS)
    assert decision.snapshot == Snapshot(RecordState.DELETED, 4, FIELDS)
    assert fate(decision) == SETTLED_CHANGED


def test_an_announced_delete_of_a_record_we_never_saw_has_no_record() -> None:
    decision = decide(UNSEEN, Sight.ABSENT, [hint(Kind.DELETE)], LOOK)
    assert decision.finding is not None
    assert (decision.finding.kind, decision.finding.record) == (Kind.DELETE, None)


def test_an_announced_delete_of_a_record_that_is_still_there_is_asked_again() -> None:
    assert fate(decide(LIVE, FIELDS, [hint(Kind.DELETE)], LOOK)) == SOON
    assert fate(decide(LIVE, FIELDS, [hint(Kind.DELETE, looks=1)], LOOK)) == SETTLED_UNCHANGED


@pytest.mark.parametrize("snapshot", [LIVE, UNSEEN])
def test_an_unannounced_absence_is_asked_twice_more_then_alone(snapshot: Snapshot) -> None:
    first, second = (decide(snapshot, Sight.ABSENT, [hint(looks=looks)], LOOK) for looks in (0, 1))
    assert (first.finding, fate(first)) == (None, SOON)
    assert (second.finding, fate(second)) == (None, LATER)
    alone = decide(snapshot, Sight.ABSENT, [hint(looks=2)], Look(alone=True))
    if snapshot is LIVE:
        assert alone.finding is not None
        assert alone.finding.kind is Kind.DELETE
        assert fate(alone) == SETTLED_CHANGED
    else:
        assert alone.finding is None
        assert fate(alone) == (DeliveryStatus.SETTLED, DeliveryOutcome.GONE, None)


def test_a_hidden_record_is_no_delete() -> None:
    decision = decide(LIVE, Sight.HIDDEN, [hint(looks=2)], Look(alone=True))
    assert (decision.finding, decision.snapshot) == (None, LIVE)
    assert fate(decision) == (DeliveryStatus.SETTLED, DeliveryOutcome.HIDDEN, None)


def test_a_record_found_only_alone_is_asked_for_once_more_then_its_delivery_dies() -> None:
    alone = decide(LIVE, FIELDS, [hint(looks=2)], Look(alone=True))
    assert (alone.finding, alone.snapshot) == (None, LIVE)
    assert fate(alone) == (DeliveryStatus.RECHECK, None, Again.NOW)
    again = decide(LIVE, Sight.ABSENT, [hint(looks=3)], LOOK)
    assert again.finding is None
    assert again.fates[1].status is DeliveryStatus.DEAD
    assert again.fates[1].reason == "the record exists, but is none of this app's"


def test_a_delete_of_a_deleted_record_says_nothing_new() -> None:
    decision = decide(DELETED, Sight.ABSENT, [hint(Kind.DELETE)], LOOK)
    assert (decision.finding, decision.snapshot) == (None, DELETED)
    assert fate(decision) == SETTLED_UNCHANGED


def test_a_field_that_left_the_schema_keeps_its_value() -> None:
    before = Snapshot(RecordState.LIVE, 1, {**FIELDS, "old": 1})
    decision = decide(before, FIELDS, [hint(looks=1)], Look(schema=frozenset({"id", "status", "created"})))
    assert (decision.finding, decision.left) == (None, frozenset({"old"}))
    assert decision.snapshot.fields == {**FIELDS, "old": 1}


@pytest.mark.parametrize("stamp", [None, 5, "yesterday", ""])
def test_only_a_stamp_is_a_stamp(stamp: object) -> None:
    assert parse_stamp(stamp) is None


def test_a_stamp_without_a_zone_is_utc() -> None:
    assert parse_stamp("2023-09-23T20:07:12") == datetime(2023, 9, 23, 20, 7, 12, tzinfo=UTC)
    shifted = parse_stamp("2016-09-15T07:00:00-0500")
    assert shifted is not None
    assert shifted.utcoffset() == timedelta(hours=-5)
