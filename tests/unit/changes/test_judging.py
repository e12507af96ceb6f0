"""What one look means that found its record, case by case (DESIGN §5)."""

from datetime import UTC, datetime, timedelta

import pytest

from service.changes.decision import Look, Memory, Sight, Snapshot
from service.changes.judging import BASELINE_GRACE, decide, parse_stamp
from service.changes.types import FieldDiff, Kind, Origin
from service.lifecycle import DeliveryOutcome, DeliveryStatus, RecordState
from tests.fixtures.hints import BEGAN, CHANGED, RECHECK, UNCHANGED, again, fates, hint

SINCE = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)
FIELDS = {"id": "i1", "status": ["To do"], "created": "2026-11-22T05:00:00"}
DONE = {**FIELDS, "status": ["Done"]}
LIVE = Snapshot(RecordState.LIVE, 3, FIELDS)
DELETED = Snapshot(RecordState.DELETED, 4, FIELDS)
UNSEEN = Snapshot()
NOTHING = Memory()
LOOK = Look(RECHECK, watched_since=SINCE)


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
    decision = decide(UNSEEN, NOTHING, {**FIELDS, "created": created}, [hint()], LOOK)
    assert decision.finding is not None
    assert (decision.finding.kind, decision.finding.diff, decision.snapshot.version) == (kind, None, 1)
    assert fates(decision) == [CHANGED]


@pytest.mark.parametrize(
    ("created", "kind"),
    [
        ("2026-11-22T00:10:01", Kind.CREATE),
        ("2026-11-22T00:10:00", Kind.UPDATE),
        ("2026-11-22T04:55:00", Kind.CREATE),
    ],
)
def test_stamps_hours_behind_our_clock_are_held_against_stamps_of_the_provider(
    created: str, kind: Kind
) -> None:
    look = Look(RECHECK, watched_since=SINCE, floor="2026-11-22T00:10:00")
    decision = decide(UNSEEN, NOTHING, {**FIELDS, "created": created}, [hint(Kind.CREATE)], look)
    assert decision.finding is not None
    assert decision.finding.kind is kind


@pytest.mark.parametrize(("announced", "kind"), [(Kind.CREATE, Kind.CREATE), (Kind.UPDATE, Kind.UPDATE)])
def test_without_a_stamp_the_hint_says_whether_first_sight_is_a_create(announced: Kind, kind: Kind) -> None:
    decision = decide(UNSEEN, NOTHING, {"id": "i1"}, [hint(announced)], LOOK)
    assert decision.finding is not None
    assert decision.finding.kind is kind


def test_a_difference_is_an_update_with_its_diff() -> None:
    decision = decide(LIVE, NOTHING, DONE, [hint()], LOOK)
    assert decision.finding is not None
    assert decision.finding.kind is Kind.UPDATE
    assert decision.finding.diff == {"status": FieldDiff(["To do"], ["Done"])}
    assert decision.snapshot == Snapshot(RecordState.LIVE, 4, DONE)
    assert fates(decision) == [CHANGED]


@pytest.mark.parametrize("looks", [0, 1])
def test_nothing_new_is_asked_again_until_the_edit_must_be_visible(looks: int) -> None:
    early, late = (
        decide(LIVE, NOTHING, FIELDS, [hint(looks=looks, waited=waited)], LOOK) for waited in (1, 5)
    )
    assert (early.finding, fates(early)) == (None, [again(4)])
    assert (late.finding, fates(late)) == (None, [UNCHANGED])
    assert early.snapshot.version == LIVE.version


def test_of_several_hints_at_a_change_the_newest_stays_open() -> None:
    hints = [hint(number=1, waited=2), hint(number=2, waited=1), hint(Kind.CREATE, number=3, waited=1.5)]
    decision = decide(LIVE, NOTHING, DONE, hints, LOOK)
    assert decision.finding is not None
    assert fates(decision) == [CHANGED, again(4), CHANGED]
    assert [number for number, fate in decision.fates.items() if fate.leads_to_change] == [2]


def test_several_hints_that_are_old_enough_are_settled_at_once() -> None:
    hints = [hint(number=1, waited=60), hint(number=2, waited=5)]
    assert fates(decide(LIVE, NOTHING, DONE, hints, LOOK)) == [CHANGED, CHANGED]


@pytest.mark.parametrize(
    ("snapshot", "memory", "is_sure"),
    [
        (LIVE, Memory(seen_at=BEGAN - timedelta(seconds=6)), True),
        (LIVE, Memory(seen_at=BEGAN - timedelta(seconds=5.9)), False),
        (LIVE, Memory(seen_at=BEGAN - timedelta(hours=1), missing_for=timedelta(hours=2)), False),
        (UNSEEN, Memory(seen_at=BEGAN - timedelta(hours=1)), False),
        (DELETED, Memory(seen_at=BEGAN - timedelta(seconds=36)), True),
        (DELETED, Memory(seen_at=BEGAN - timedelta(seconds=35)), False),
    ],
)
def test_a_single_hint_at_a_change_stays_open_after_another_look_or_a_doubt(
    snapshot: Snapshot, memory: Memory, is_sure: bool
) -> None:
    decision = decide(snapshot, memory, DONE, [hint(waited=1)], LOOK)
    assert decision.finding is not None
    assert fates(decision) == [CHANGED if is_sure else again(4)]


def test_a_hint_that_led_to_a_change_counts_as_that_also_when_nothing_more_came() -> None:
    assert fates(decide(LIVE, NOTHING, FIELDS, [hint(looks=1, waited=6, led=True)], LOOK)) == [CHANGED]


def test_an_answer_older_than_what_we_know_is_no_change() -> None:
    known = Snapshot(RecordState.LIVE, 3, {**DONE, "last_modified": "2026-11-22T05:59:59"})
    shown = {**FIELDS, "last_modified": "2026-11-22T05:59:58"}
    hints = [hint(number=1, waited=7), hint(number=2, waited=2)]
    decision = decide(known, NOTHING, shown, hints, LOOK)
    assert (decision.finding, decision.snapshot) == (None, known)
    assert fates(decision) == [UNCHANGED, again(3)]


def test_an_older_answer_is_believed_once_every_edit_must_be_visible() -> None:
    known = Snapshot(RecordState.LIVE, 3, {**DONE, "last_modified": "2026-11-22T05:59:59"})
    decision = decide(
        known, NOTHING, {**FIELDS, "last_modified": "2026-11-22T05:00:00"}, [hint(waited=5)], LOOK
    )
    assert decision.finding is not None


def test_a_create_hint_for_a_known_record_is_settled_at_once() -> None:
    assert fates(decide(LIVE, NOTHING, FIELDS, [hint(Kind.CREATE)], LOOK)) == [UNCHANGED]
    lately = Memory(seen_at=BEGAN - timedelta(seconds=1))
    assert fates(decide(LIVE, lately, FIELDS, [hint(Kind.CREATE)], LOOK)) == [again(5)]


def test_system_stamps_alone_are_no_change_but_are_kept() -> None:
    touched = {**FIELDS, "last_modified": "2026-11-22T06:00:00"}
    decision = decide(LIVE, NOTHING, touched, [hint(looks=1, waited=5)], LOOK)
    assert (decision.finding, decision.snapshot.version) == (None, 3)
    assert decision.snapshot.fields == touched


def test_a_deleted_record_that_is_back_is_a_restored_create() -> None:
    decision = decide(DELETED, NOTHING, FIELDS, [hint()], LOOK)
    assert decision.finding is not None
    assert (decision.finding.kind, decision.finding.restored, decision.finding.diff) == (
        Kind.CREATE,
        True,
        None,
    )
    assert decision.snapshot.version == 5


def test_an_announced_delete_of_a_record_that_is_still_there_is_asked_again() -> None:
    assert fates(decide(LIVE, NOTHING, FIELDS, [hint(Kind.DELETE)], LOOK)) == [again(5)]
    assert fates(decide(LIVE, NOTHING, FIELDS, [hint(Kind.DELETE, looks=1, waited=5)], LOOK)) == [UNCHANGED]


def test_a_hidden_record_is_no_delete() -> None:
    decision = decide(LIVE, NOTHING, Sight.HIDDEN, [hint(looks=3)], Look(RECHECK, alone=True))
    assert (decision.finding, decision.snapshot) == (None, LIVE)
    assert fates(decision) == [(DeliveryStatus.SETTLED, DeliveryOutcome.HIDDEN, None)]


def test_a_record_found_only_alone_is_asked_for_once_more_then_its_delivery_dies() -> None:
    alone = decide(LIVE, NOTHING, FIELDS, [hint(looks=3, waited=60)], Look(RECHECK, alone=True))
    assert (alone.finding, alone.snapshot) == (None, LIVE)
    assert fates(alone) == [again(0)]
    once_more = decide(LIVE, NOTHING, Sight.ABSENT, [hint(looks=4, waited=60)], LOOK)
    assert once_more.finding is None
    assert once_more.fates[1].status is DeliveryStatus.DEAD
    assert once_more.fates[1].reason == "the record exists, but is none of this app's"


def test_a_field_that_left_the_schema_keeps_its_value() -> None:
    before = Snapshot(RecordState.LIVE, 1, {**FIELDS, "old": 1})
    look = Look(RECHECK, schema=frozenset({"id", "status", "created"}))
    decision = decide(before, NOTHING, FIELDS, [hint(looks=1)], look)
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


TAKEN_IN = Snapshot(RecordState.LIVE, 0, FIELDS)
"""As a backfill stores a record that was never seen."""


@pytest.mark.parametrize(
    ("taken_in_ago", "origin", "told"),
    [
        (BASELINE_GRACE.total_seconds() - 1 + 5, Origin.WEBHOOK, True),
        (BASELINE_GRACE.total_seconds() + 5, Origin.WEBHOOK, False),
        (0, Origin.WEBHOOK, True),
        (0, Origin.RECONCILE, False),
    ],
)
def test_a_webhook_right_after_a_backfill_tells_of_what_that_showed_already(
    taken_in_ago: float, origin: Origin, *, told: bool
) -> None:
    memory = Memory(seen_at=BEGAN - timedelta(seconds=taken_in_ago))
    decision = decide(TAKEN_IN, memory, FIELDS, [hint(waited=5, origin=origin)], LOOK)
    if told:
        assert decision.finding is not None
        assert (decision.finding.kind, decision.finding.diff) == (Kind.UPDATE, None)
        assert decision.snapshot == Snapshot(RecordState.LIVE, 1, FIELDS)
    else:
        assert (decision.finding, decision.snapshot) == (None, TAKEN_IN)


def test_what_differs_from_a_backfill_is_an_update_with_its_diff() -> None:
    decision = decide(TAKEN_IN, Memory(seen_at=BEGAN), DONE, [hint()], LOOK)
    assert decision.finding is not None
    assert decision.finding.diff == {"status": FieldDiff(["To do"], ["Done"])}
    assert decision.snapshot.version == 1


def test_a_webhook_for_a_record_with_a_change_tells_nothing_new_however_soon_it_comes() -> None:
    decision = decide(LIVE, Memory(seen_at=BEGAN), FIELDS, [hint(waited=5)], LOOK)
    assert decision.finding is None
