"""Which records one call asks for."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from service.changes.decision import ALONE_AT, Hint
from service.changes.types import Kind
from service.inbox.batching import BatchClass, DueDelivery, choose_batch

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def due(number: int, record_id: str, kind: Kind | None = Kind.UPDATE, looks: int = 0) -> DueDelivery:
    return DueDelivery(Hint(number, kind, looks, received_at=NOW, waited=timedelta(0)), record_id)


def test_nothing_due_is_no_batch() -> None:
    assert choose_batch([], 50) is None


def test_all_hints_of_a_record_go_together() -> None:
    batch = choose_batch([due(1, "a"), due(2, "b"), due(3, "a", Kind.CREATE)], 50)
    assert batch is not None
    assert {record: [one.hint.id for one in hints] for record, hints in batch.deliveries.items()} == {
        "a": [1, 3],
        "b": [2],
    }


def test_deleted_records_go_apart_and_the_oldest_decides() -> None:
    hints = [due(1, "a", Kind.DELETE), due(2, "b"), due(3, "c", Kind.DELETE), due(4, "b")]
    deleted = choose_batch(hints, 50)
    changed = choose_batch(hints[1:], 50)
    assert deleted is not None
    assert changed is not None
    assert (deleted.kind, deleted.record_ids) == (BatchClass.DELETED, ["a", "c"])
    assert (changed.kind, changed.record_ids) == (BatchClass.CHANGED, ["b"])


def test_a_record_with_any_delete_hint_is_among_the_deleted() -> None:
    batch = choose_batch([due(1, "a"), due(2, "a", Kind.DELETE)], 50)
    assert batch is not None
    assert batch.kind is BatchClass.DELETED


def test_a_record_doubted_twice_goes_alone() -> None:
    batch = choose_batch([due(1, "a", looks=ALONE_AT), due(2, "b", looks=ALONE_AT)], 50)
    assert batch is not None
    assert (batch.kind, batch.record_ids) == (BatchClass.ALONE, ["a"])


hints = st.lists(
    st.builds(
        due,
        st.integers(1, 10**6),
        st.sampled_from("abcdef"),
        st.sampled_from([None, *Kind]),
        st.integers(0, 4),
    ),
    min_size=1,
    max_size=30,
    unique_by=lambda one: one.hint.id,
)


@given(hints, st.integers(1, 4))
def test_a_batch_is_bounded_begins_with_the_oldest_and_takes_whole_records(
    waiting: list[DueDelivery], size: int
) -> None:
    batch = choose_batch(waiting, size)
    assert batch is not None
    assert batch.record_ids[0] == waiting[0].record_id
    assert len(batch.record_ids) <= (1 if batch.kind is BatchClass.ALONE else size)
    for record_id, taken in batch.deliveries.items():
        assert taken == [one for one in waiting if one.record_id == record_id]
