"""Every filter condition, over the kinds of values that arrive on the wire."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.rules.conditions import CONDITIONS
from service.rules.when import FieldConditions

NOW = datetime(2024, 9, 30, 22, 30, tzinfo=UTC)

SCALARS = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a", "ab", "2024-09-30", "3"])
ODD_VALUES = st.recursive(
    SCALARS | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    max_leaves=5,
)
VALUES = SCALARS | st.lists(SCALARS, max_size=3)
EXPECTED = {
    "equal": VALUES,
    "not_equal": VALUES,
    "contains": SCALARS.filter(lambda value: value is not None),
    "does_not_contain": SCALARS.filter(lambda value: value is not None),
    "contains_any": st.lists(SCALARS.filter(lambda value: value is not None), min_size=1, max_size=3),
    "contains_all": st.lists(SCALARS.filter(lambda value: value is not None), min_size=1, max_size=3),
    "greater_than": st.integers() | st.sampled_from(["2024-09-30", "2024-09-30T07:00:00-0500"]),
    "less_than": st.integers() | st.sampled_from(["2024-09-30", "2024-09-30T07:00:00-0500"]),
    "within_previous": st.integers(0, 36_500),
    "within_next": st.integers(0, 36_500),
    "is_today": st.booleans(),
    "has_no_value": st.booleans(),
}


def holds(name: str, value: Any, expected: Any, now: datetime = NOW) -> bool:
    return CONDITIONS[name](value, expected, now).ok


@pytest.mark.parametrize(
    ("name", "value", "expected", "ok"),
    [
        ("equal", "Done", "Done", True),
        ("equal", "done", "Done", True),
        ("equal", ["Done"], "Done", True),
        ("equal", "Done", ["Done"], True),
        ("equal", ["A", "B"], ["A", "B"], True),
        ("equal", ["A", "B"], ["B", "A"], True),
        ("equal", ["A", "B"], "A", False),
        ("equal", ["A", "B"], ["A", "A"], False),
        ("equal", None, None, True),
        ("equal", "", None, False),
        ("equal", True, 1, False),
        ("equal", 1, True, False),
        ("equal", 5.0, 5, True),
        ("equal", "5", 5, True),
        ("equal", "GDX-5", 5, False),
        ("equal", 5, "5", True),
        ("equal", "2023-10-04T08:00:00", "2023-10-04", True),
        ("equal", "2023-10-04", "2023-10-05", False),
        ("equal", "2023-10-04T08:00:00Z", "2023-10-04T10:00:00+0200", True),
        ("not_equal", None, "Done", True),
        ("not_equal", "2023-10-04T08:00:00", "2023-10-04", False),
        ("contains", "<p>In progress</p>", "In progress", True),
        ("contains", "In Progress", "progress", True),
        ("contains", ["High", "Low"], "High", True),
        ("contains", ["Highest"], "High", False),
        ("contains", None, "High", False),
        ("contains", 5, 5, True),
        ("contains", 5, "5", True),
        ("contains", {"id": "a"}, "a", True),
        ("does_not_contain", None, "High", True),
        ("does_not_contain", ["High"], "High", False),
        ("contains_any", ["High"], ["Critical", "High"], True),
        ("contains_any", ["Low"], ["Critical", "High"], False),
        ("contains_any", "red and blue", ["blue", "green"], True),
        ("contains_any", ["High"], "High", True),
        ("contains_all", ["A", "B", "C"], ["C", "A"], True),
        ("contains_all", ["A"], ["A", "B"], False),
        ("greater_than", 6, 5, True),
        ("greater_than", 5, 5, False),
        ("greater_than", "6.5", 6, True),
        ("greater_than", [6], 5, True),
        ("greater_than", None, 5, False),
        ("greater_than", True, 0, False),
        ("greater_than", "2024-10-01", "2024-09-30", True),
        ("greater_than", "2024-09-30T23:00:00", "2024-09-30", False),
        ("greater_than", "2024-09-30T12:00:01Z", "2024-09-30T07:00:00-0500", True),
        ("greater_than", "2024-09-30T12:00:01", "2024-09-30T07:00:00-0500", True),
        ("greater_than", "2024-09-30T11:59:59", "2024-09-30T07:00:00-0500", False),
        ("less_than", "2024-09-29", "2024-09-30", True),
        ("less_than", "2024-02-31", "2024-09-30", False),
        ("less_than", "soon", "2024-09-30", False),
        ("less_than", 4, 5, True),
        ("within_previous", "2024-09-30", 0, True),
        ("within_previous", "2024-09-23", 7, True),
        ("within_previous", "2024-09-22", 7, False),
        ("within_previous", "2024-10-01", 7, False),
        ("within_next", "2024-10-07", 7, True),
        ("within_next", "2024-10-08", 7, False),
        ("within_next", "2024-09-29", 7, False),
        ("within_next", None, 7, False),
        ("is_today", "2024-09-30", True, True),
        ("is_today", "2024-09-30T01:00:00", True, True),
        ("is_today", "2024-10-01", False, True),
        ("is_today", "2024-09-30", False, False),
        ("is_today", None, False, False),
        ("is_today", "hello", True, False),
        ("has_no_value", None, True, True),
        ("has_no_value", "", True, True),
        ("has_no_value", [], True, True),
        ("has_no_value", 0, True, False),
        ("has_no_value", False, True, False),
        ("has_no_value", "x", False, True),
        ("has_no_value", None, False, False),
    ],
)
def test_condition(name: str, value: Any, expected: Any, ok: bool) -> None:
    assert holds(name, value, expected) is ok


def test_days_are_those_of_the_account() -> None:
    in_berlin = NOW.astimezone(ZoneInfo("Europe/Berlin"))  # already the first of October there
    assert holds("is_today", "2024-10-01", True, in_berlin)
    assert not holds("is_today", "2024-09-30", True, in_berlin)
    assert holds("is_today", "2024-09-30T22:10:00", True, in_berlin), "a moment is shifted"
    assert holds("equal", "2024-09-30T22:10:00", "2024-10-01", in_berlin)
    assert not holds("within_next", "2024-09-30", 3, in_berlin), "a date is not"


def test_the_ends_of_the_calendar_can_be_judged() -> None:
    in_denver = NOW.astimezone(ZoneInfo("America/Denver"))
    assert holds("is_today", "0001-01-01T00:00:00Z", False, in_denver)


@pytest.mark.parametrize(
    ("name", "value", "expected", "reason"),
    [
        ("greater_than", None, 5, "no value"),
        ("greater_than", "many", 5, "'many' is not a number"),
        ("less_than", ["a", "b"], "2024-09-30", "['a', 'b'] is not a date"),
        ("within_next", 5, 3, "5 is not a date"),
        ("is_today", None, True, "no date"),
    ],
)
def test_a_value_that_cannot_be_judged_is_false_with_a_reason(
    name: str, value: Any, expected: Any, reason: str
) -> None:
    outcome = CONDITIONS[name](value, expected, NOW)
    assert not outcome.ok
    assert reason in (outcome.reason or "")


@given(st.data(), st.sampled_from(sorted(CONDITIONS)), ODD_VALUES)
def test_no_value_makes_a_condition_raise(data: st.DataObject, name: str, value: Any) -> None:
    expected = data.draw(EXPECTED[name])
    assert isinstance(CONDITIONS[name](value, expected, NOW).ok, bool)


@given(VALUES, EXPECTED["contains"])
def test_opposites_are_opposite(value: Any, expected: Any) -> None:
    assert holds("not_equal", value, expected) is not holds("equal", value, expected)
    assert holds("does_not_contain", value, expected) is not holds("contains", value, expected)


@given(VALUES)
def test_a_list_of_one_equals_its_element(value: Any) -> None:
    if not isinstance(value, list):
        assert holds("equal", [value], value)
        assert holds("equal", value, [value])


@given(VALUES, EXPECTED["contains_any"])
def test_any_and_all_are_made_of_contains(value: Any, expected: list[Any]) -> None:
    each = [holds("contains", value, wanted) for wanted in expected]
    assert holds("contains_any", value, expected) is any(each)
    assert holds("contains_all", value, expected) is all(each)


@given(st.integers() | st.floats(allow_nan=False), st.integers())
def test_a_number_is_greater_less_or_equal(value: float, expected: int) -> None:
    held = [holds(name, value, expected) for name in ("greater_than", "less_than", "equal")]
    assert held.count(True) == 1


def test_the_schema_knows_exactly_these_conditions() -> None:
    assert set(CONDITIONS) == set(FieldConditions.model_fields)
