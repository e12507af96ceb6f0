"""Looks that settle a hint and find nothing changed, where a rule wants to know of it."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from service.changes.decision import Hint, Look, Memory, Sight, Snapshot
from service.changes.judging import decide
from service.changes.types import Fields, Kind, Origin
from service.lifecycle import DeliveryOutcome, RecordState
from tests.fixtures.hints import CHANGED, RECHECK, UNCHANGED, again, fates, hint

FIELDS = {"id": "i1", "status": ["To do"]}
DONE = {**FIELDS, "status": ["Done"]}
LIVE = Snapshot(RecordState.LIVE, 3, FIELDS)
DELETED = Snapshot(RecordState.DELETED, 4, FIELDS)
NOTHING = Memory()
LOOK = Look(RECHECK)
TELLING = replace(LOOK, tells_unchanged=True)


def test_a_hint_that_is_settled_with_nothing_changed_makes_a_change_with_an_empty_diff() -> None:
    decision = decide(LIVE, NOTHING, FIELDS, [hint(waited=5)], TELLING)
    assert decision.finding is not None
    assert (decision.finding.kind, decision.finding.diff, decision.finding.record) == (
        Kind.UPDATE,
        {},
        FIELDS,
    )
    assert decision.snapshot == replace(LIVE, version=4)
    assert fates(decision) == [CHANGED]


def test_once_per_look_however_many_hints_it_settles() -> None:
    hints = [hint(number=1, waited=60), hint(Kind.CREATE, number=2, waited=50), hint(number=3, waited=1)]
    decision = decide(LIVE, NOTHING, FIELDS, hints, TELLING)
    assert decision.snapshot.version == 4
    assert fates(decision) == [CHANGED, CHANGED, again(4)]


def test_a_hint_that_stays_open_makes_no_change() -> None:
    decision = decide(LIVE, NOTHING, FIELDS, [hint(waited=1)], TELLING)
    assert (decision.finding, decision.snapshot, fates(decision)) == (None, LIVE, [again(4)])


def test_a_hint_that_led_to_a_change_before_makes_no_second_one() -> None:
    decision = decide(LIVE, NOTHING, FIELDS, [hint(looks=1, waited=6, led=True)], TELLING)
    assert (decision.finding, fates(decision)) == (None, [CHANGED])


def test_a_look_without_hints_makes_no_change() -> None:
    assert decide(LIVE, NOTHING, FIELDS, [], TELLING).finding is None


def test_a_record_that_is_deleted_already_makes_no_change() -> None:
    decision = decide(DELETED, NOTHING, Sight.ABSENT, [hint(Kind.DELETE)], TELLING)
    assert (decision.finding, fates(decision)) == (None, [UNCHANGED])


def test_what_an_older_answer_settles_counts_too() -> None:
    known = Snapshot(RecordState.LIVE, 3, {**DONE, "last_modified": "2026-11-22T05:59:59"})
    shown = {**FIELDS, "last_modified": "2026-11-22T05:59:58"}
    hints = [hint(number=1, waited=7), hint(number=2, waited=2)]
    decision = decide(known, NOTHING, shown, hints, TELLING)
    assert decision.finding is not None
    assert (decision.finding.record, decision.finding.diff) == (known.fields, {})
    assert fates(decision) == [CHANGED, again(3)]


hints_of_a_look = st.lists(
    st.builds(
        hint,
        st.sampled_from([*Kind, None]),
        st.integers(0, 5),
        waited=st.sampled_from([0, 1, 5, 34, 60]),
        led=st.booleans(),
    ),
    max_size=4,
).map(lambda hints: [replace(each, id=number) for number, each in enumerate(hints)])
looks = st.builds(
    Look,
    st.just(RECHECK),
    alone=st.booleans(),
    held_for=st.sampled_from([None, timedelta(minutes=5)]),
    accepted=st.booleans(),
)


@given(
    st.sampled_from([Snapshot(), LIVE, DELETED]),
    st.sampled_from([NOTHING, Memory(missing_for=timedelta(hours=1))]),
    st.sampled_from([FIELDS, DONE, Sight.ABSENT, Sight.HIDDEN]),
    hints_of_a_look,
    looks,
)
def test_nothing_else_is_decided_otherwise(
    snapshot: Snapshot, memory: Memory, sight: Fields | Sight, hints: list[Hint], look: Look
) -> None:
    plain = decide(snapshot, memory, sight, hints, look)
    telling = decide(snapshot, memory, sight, hints, replace(look, tells_unchanged=True))
    if plain.finding is not None or plain.snapshot.state is not RecordState.LIVE:
        assert telling == plain
    settled = [each for each in plain.fates.values() if each.outcome is DeliveryOutcome.UNCHANGED]
    if plain.finding is None and plain.snapshot.state is RecordState.LIVE:
        assert telling.snapshot.version - plain.snapshot.version == bool(settled)
        assert telling.snapshot.fields == plain.snapshot.fields
    assert [each.status for each in telling.fates.values()] == [each.status for each in plain.fates.values()]


def test_what_we_noticed_ourselves_tells_no_rule_that_nothing_changed() -> None:
    own = hint(None, waited=5, origin=Origin.RECONCILE)
    decision = decide(LIVE, NOTHING, FIELDS, [own], TELLING)
    assert (decision.finding, fates(decision)) == (None, [UNCHANGED])


def test_one_webhook_among_what_we_noticed_tells_it() -> None:
    own, delivered = hint(None, waited=5, origin=Origin.RECONCILE), hint(number=2, waited=5)
    decision = decide(LIVE, NOTHING, FIELDS, [own, delivered], TELLING)
    assert decision.finding is not None
    assert decision.finding.diff == {}
