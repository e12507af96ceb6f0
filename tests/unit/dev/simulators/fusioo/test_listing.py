from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.dev.simulators.fusioo.envelope import Code, RefusedCallError
from service.dev.simulators.fusioo.example_apps import tasks_app
from service.dev.simulators.fusioo.listing import Listing, parse_ids, parse_listing
from service.dev.simulators.fusioo.settings import FusiooSettings


def _estimate(row: dict[str, Any]) -> Any:
    return row.get("estimate")


def test_defaults_are_the_key_field_and_two_hundred() -> None:
    assert parse_listing(tasks_app(), {}, frozenset(), FusiooSettings()) == Listing("title", False, 0, 200)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"sort_by": "colour"}, Code.SORT_FIELD_UNKNOWN),
        ({"sort_by": "client"}, Code.SORT_FIELD_UNSORTABLE),
        ({"sort_by": "notes"}, Code.SORT_FIELD_DENIED),
        ({"order": "up"}, Code.SORT_DIRECTION_INVALID),
        ({"offset": "-1"}, Code.OFFSET_INVALID),
        ({"offset": "a"}, Code.OFFSET_INVALID),
        ({"limit": "201"}, Code.LIMIT_INVALID),
        ({"limit": "-1"}, Code.LIMIT_INVALID),
    ],
)
def test_each_wrong_option_has_its_code(query: dict[str, str], code: Code) -> None:
    with pytest.raises(RefusedCallError) as refused:
        parse_listing(tasks_app(), query, frozenset({"notes"}), FusiooSettings())
    assert refused.value.code is code


@given(
    estimates=st.lists(st.none() | st.integers(0, 5), max_size=12),
    size=st.integers(1, 5),
    descending=st.booleans(),
)
def test_pages_together_are_the_whole_in_order(
    estimates: list[int | None], size: int, descending: bool
) -> None:
    rows: list[dict[str, Any]] = [
        {"id": str(number)} if estimate is None else {"id": str(number), "estimate": estimate}
        for number, estimate in enumerate(estimates)
    ]
    pages = [
        Listing("estimate", descending, offset, size).arrange(rows, _estimate)
        for offset in range(0, len(rows), size)
    ]
    together = [row for page in pages for row in page]
    assert together == Listing("estimate", descending, 0, 200).arrange(rows, _estimate)
    assert sorted(row["id"] for row in together) == sorted(row["id"] for row in rows)
    values = [int(row.get("estimate", -1)) for row in together]
    assert values == sorted(values, reverse=descending)


def test_the_tenth_record_is_at_offset_nine() -> None:
    rows = [f"{number:02d}" for number in range(1, 21)]
    assert Listing("title", False, 9, 1).arrange(rows, str) == ["10"]


@pytest.mark.parametrize(("text", "ids"), [("[]", []), ("[i1]", ["i1"]), ("[i1, i2,i3]", ["i1", "i2", "i3"])])
def test_ids_stand_in_brackets(text: str, ids: list[str]) -> None:
    assert parse_ids(text) == ids


def test_ids_without_brackets_are_refused() -> None:
    with pytest.raises(RefusedCallError):
        parse_ids("i1,i2")
