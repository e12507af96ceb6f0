"""Lists are kept in order while records are written: they must be what sorting anew would give."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from service.dev.simulators.fusioo.ordering import sort_key
from service.dev.simulators.fusioo.record_store import RecordStore
from service.dev.simulators.fusioo.records import Record

_APP, _OTHER = "ia", "ib"
_FIELDS = ("title", "estimate", "created", "last_modified", "created_by")
_TITLES = st.sampled_from(["a", "B", "b", "c", None])
_VALUES = st.fixed_dictionaries({"title": _TITLES, "estimate": st.none() | st.integers(0, 3)})
_STEP = st.tuples(
    st.sampled_from(["create", "other", "update", "delete", "restore", "purge", "many"]),
    st.integers(0, 99),
    _VALUES,
)


class _Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=400)
        return self.now


def _store() -> RecordStore:
    numbers = iter(range(10_000))
    return RecordStore(_Clock(), lambda: f"i{next(numbers)}")


def _do(store: RecordStore, act: str, choice: int, values: dict[str, Any]) -> None:
    live, trash = store.live(_APP), store.trash()
    match act:
        case "create":
            store.create(_APP, values, person="Sarah May")
        case "other":
            store.create(_OTHER, values, person="Sarah May")
        case "many":
            store.create_many(_APP, [values, values], person="John Doe")
        case "update" if live:
            store.update(live[choice % len(live)].id, values, person="John Doe")
        case "delete" if live:
            store.delete(live[choice % len(live)].id, person="John Doe")
        case "purge" if live:
            store.purge(live[choice % len(live)].id)
        case "restore" if trash:
            store.restore(trash[choice % len(trash)].id, person="John Doe", told_as=None)


def _sorted(records: list[Record], field: str, *, descending: bool) -> list[str]:
    ordered = sorted(records, key=lambda record: sort_key(record.value(record.now, field)))
    return [record.id for record in (ordered[::-1] if descending else ordered)]


@given(steps=st.lists(_STEP, max_size=30), page=st.tuples(st.integers(0, 6), st.integers(0, 6)))
def test_a_page_is_what_sorting_anew_would_give(
    steps: list[tuple[str, int, dict[str, Any]]], page: tuple[int, int]
) -> None:
    store = _store()
    offset, limit = page
    for act, choice, values in steps:
        _do(store, act, choice, values)
        for number, field in enumerate(_FIELDS):  # looked at between the writes: the orders are kept
            descending, include_deleted = bool(number % 2), bool(number % 3)
            rows = store.page(
                _APP, field, offset, limit, descending=descending, include_deleted=include_deleted
            )
            chosen = store.of_app(_APP) if include_deleted else store.live(_APP)
            expected = _sorted(chosen, field, descending=descending)
            assert [record.id for record in rows] == expected[offset : offset + limit]
        assert store.count(_APP) == len(store.live(_APP))
        in_order = store.in_order(_APP, "title", descending=False)
        assert [record.id for record in in_order] == _sorted(store.live(_APP), "title", descending=False)


@given(values=st.lists(st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text())))
def test_values_of_any_types_can_be_sorted(values: list[Any]) -> None:
    ordered = sorted(values, key=sort_key)
    assert [value for value in ordered if value is None] == ordered[: values.count(None)]


def test_records_that_are_put_back_are_indexed_again() -> None:
    store, again = _store(), _store()
    for title in ("b", "a", "c"):
        store.create(_APP, {"title": title}, person="Sarah May")
    store.delete(store.live(_APP)[0].id, person="Sarah May")
    again.by_id = store.by_id
    assert [record.now.values["title"] for record in again.in_order(_APP, "title", descending=False)] == [
        "a",
        "c",
    ]
    assert (again.count(_APP), len(again.trash()), again.made_in(_APP)) == (2, 1, 3)
