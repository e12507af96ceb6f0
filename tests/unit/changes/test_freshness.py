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
