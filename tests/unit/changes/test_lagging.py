"""However a provider's answers lag behind: once all hints are settled, the snapshot is the truth."""

from hypothesis import given, settings
from hypothesis import strategies as st

from service.changes.types import Kind
from service.lifecycle import RecordState
from tests.fixtures.lagging import Chance, LaggingRecord, histories

shares = st.sampled_from([0.0, 0.0, 0.3, 0.7, 1.0])
chances = st.builds(
    Chance,
    late=st.sampled_from([0.0, 0.0, 0.0, 0.05, 1.0, 4.9, 12.0, 60.0]),
    lasts=st.sampled_from([0.02, 0.02, 0.5, 3.0]),
    lag=shares,
    absence=shares,
)
pauses = st.sampled_from([0.0, 0.05, 0.5, 1.0, 3.0, 4.8, 5.0, 9.0, 29.9, 34.9, 40.0]) | st.floats(0, 60)
delays = st.sampled_from([0.0, 0.0, 0.0, 0.1, 1.0, 6.0, 40.0])
kinds = st.sampled_from([Kind.UPDATE, Kind.UPDATE, Kind.UPDATE, Kind.DELETE, Kind.CREATE])


def settled(steps: list[tuple[float, Kind, float]], data: st.DataObject, *, stamped: bool) -> LaggingRecord:
    record = LaggingRecord(list(histories(steps)), lambda: data.draw(chances), stamped=stamped)
    record.settle()
    return record


@given(st.lists(st.tuples(pauses, kinds, delays), min_size=1, max_size=7), st.data(), st.booleans())
@settings(max_examples=500)
def test_settled_hints_leave_the_truth(
    steps: list[tuple[float, Kind, float]], data: st.DataObject, stamped: bool
) -> None:
    record = settled(steps, data, stamped=stamped)
    truth = record.truth(record.now)
    known = record.snapshot.fields if record.snapshot.state is RecordState.LIVE else None
    assert known == truth


@given(st.lists(st.tuples(pauses, st.just(Kind.UPDATE), delays), min_size=1, max_size=7), st.data())
@settings(max_examples=300)
def test_no_create_is_lost_and_no_delete_invented(
    steps: list[tuple[float, Kind, float]], data: st.DataObject
) -> None:
    record = settled(steps, data, stamped=False)
    kinds_found = [finding.kind for finding in record.findings]
    assert kinds_found[0] is Kind.CREATE
    assert set(kinds_found[1:]) <= {Kind.UPDATE}


def test_an_edit_that_comes_while_an_older_hint_waits_is_not_missed() -> None:
    """The first edit is seen by a look for the second one, which shows nothing of that."""
    steps = [(0.0, Kind.CREATE, 0.0), (40.0, Kind.UPDATE, 0.0), (4.8, Kind.UPDATE, 0.0)]
    lags = iter([0.0, 1.0, 0.3, 0.3])
    record = LaggingRecord(list(histories(steps)), lambda: Chance(lasts=0.02, lag=next(lags, 0.0)))
    record.settle()
    assert record.snapshot.fields == record.truth(record.now)
    assert [finding.kind for finding in record.findings] == [Kind.CREATE, Kind.UPDATE, Kind.UPDATE]


def test_a_record_that_is_hidden_by_ever_new_edits_is_not_deleted() -> None:
    steps = [(0.0, Kind.CREATE, 0.0), (60.0, Kind.UPDATE, 0.0), *[(20.0, Kind.UPDATE, 0.0)] * 4]
    hidden = iter([0.0])
    record = LaggingRecord(list(histories(steps)), lambda: Chance(absence=next(hidden, 0.99)))
    record.settle()
    assert record.snapshot.fields == record.truth(record.now)
    assert Kind.DELETE not in {finding.kind for finding in record.findings}


def test_a_change_settles_a_hint_that_nothing_can_follow_with_one_look() -> None:
    steps = [(0.0, Kind.CREATE, 0.0), *[(40.0, Kind.UPDATE, 0.0)] * 3]
    record = LaggingRecord(list(histories(steps)), Chance)
    record.settle()
    assert record.looks == 4
