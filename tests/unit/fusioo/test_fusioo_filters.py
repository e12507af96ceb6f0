"""Filters are built, read and joined without losing or inventing a condition."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from service.fusioo.conditions import CONDITIONS, ConditionNames
from service.fusioo.filters import FieldFilter, Filter, field
from service.fusioo.problems import InvalidFilterError

OF_THE_PAGE = {
    "title": {"equal": "Test record"},
    "approved": {"equal": True},
    "status": {"contains": "In Progress"},
    "created": {"not_equal": "2023-10-04"},
}


def test_the_pages_example_is_built() -> None:
    built = (
        field("title").equal("Test record")
        & field("approved").equal(True)
        & field("status").contains("In Progress")
        & field("created").not_equal(date(2023, 10, 4))
    )
    assert built.plain() == OF_THE_PAGE
    assert Filter.parse(OF_THE_PAGE) == built == OF_THE_PAGE
    assert list(built) == ["title", "approved", "status", "created"]
    assert json.loads(json.dumps(dict(built))) == OF_THE_PAGE


@pytest.mark.parametrize(
    ("built", "body"),
    [
        (field("a").equal(Decimal("1.5")), {"equal": 1.5}),
        (field("a").not_equal("x"), {"not_equal": "x"}),
        (field("a").contains("x"), {"contains": "x"}),
        (field("a").does_not_contain("x"), {"does_not_contain": "x"}),
        (field("a").contains_any("x", "y"), {"contains_any": ["x", "y"]}),
        (field("a").contains_all("x"), {"contains_all": ["x"]}),
        (field("a").greater_than(3), {"greater_than": 3}),
        (
            field("a").less_than(datetime(2024, 9, 30, 7, tzinfo=UTC)),
            {"less_than": "2024-09-30T07:00:00+0000"},
        ),
        (field("a").within_previous(7), {"within_previous": 7}),
        (field("a").within_next(7), {"within_next": 7}),
        (field("a").is_today(), {"is_today": True}),
        (field("a").has_no_value(False), {"has_no_value": False}),
        (
            field("a").condition("sounds_like", {"of": date(2024, 9, 30)}),
            {"sounds_like": {"of": "2024-09-30"}},
        ),
    ],
)
def test_every_condition_has_its_form(built: Filter, body: dict[str, Any]) -> None:
    assert built.plain() == {"a": body}


def test_the_builder_has_every_condition() -> None:
    methods = {name for name in vars(FieldFilter) if not name.startswith("_")}
    assert methods == {*CONDITIONS, "condition"}


@pytest.mark.parametrize("operand", [datetime(2024, 9, 30, 7), float("nan"), object(), {1, 2}])  # noqa: DTZ001  naive is the case
def test_what_is_no_operand_is_refused(operand: Any) -> None:
    with pytest.raises(InvalidFilterError, match=r"^a: equal: "):
        field("a").equal(operand)


def test_several_conditions_on_a_field_stand_together() -> None:
    between = field("a").greater_than(1) & {"b": {"contains": "x"}} & field("a").less_than(9)
    assert between.plain() == {"a": {"greater_than": 1, "less_than": 9}, "b": {"contains": "x"}}
    assert len(between) == 2


def test_the_same_condition_twice_is_one() -> None:
    assert (field("a").contains("x") & field("a").contains("x")).plain() == {"a": {"contains": "x"}}


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        (field("a").contains("x"), field("a").contains("y"), "for several use contains_all"),
        (field("a").equal(1), field("a").equal(2), "equal can't be both 1 and 2"),
        (field("a").equal(1), field("a").equal(True), "equal can't be both 1 and True"),
    ],
)
def test_conditions_that_contradict_each_other_are_refused(one: Filter, other: Filter, why: str) -> None:
    with pytest.raises(InvalidFilterError, match=why):
        one & other


def test_a_filter_does_not_change_under_its_readers() -> None:
    built = field("a").contains_any("x")
    built.plain()["a"]["contains_any"].append("y")
    built["a"]["contains_any"].append("y")
    assert built.plain() == {"a": {"contains_any": ["x"]}}


@pytest.mark.parametrize(
    ("plain", "why"),
    [
        ({"status": "Done"}, "write a condition, like {'equal': 'Done'}"),
        ({"status": ["Done"]}, "write a condition"),
        ({"status": {}}, "has no condition"),
        ({"status": {3: "Done"}}, "3 is not the name of a condition"),
        ({3: {"equal": "Done"}}, "3: is not the id of a field"),
        ({"status": {"equal": object()}}, "nothing that a filter can compare with"),
    ],
)
def test_another_form_is_refused(plain: dict[Any, Any], why: str) -> None:
    with pytest.raises(InvalidFilterError) as caught:
        Filter.parse(plain)
    assert why in str(caught.value)


def test_no_condition_asks_for_all() -> None:
    assert Filter.parse({}).plain() == Filter().plain() == {}


def test_names_can_be_overridden() -> None:
    names = ConditionNames({"is_today": "isToday", "within_next": "next_days"})
    built = field("a").is_today() & field("a").within_next(3) & field("a").condition("odd", 1)
    wire = {"a": {"isToday": True, "next_days": 3, "odd": 1}}
    assert built.plain(names) == wire
    assert Filter.parse(wire, names) == built


def test_two_conditions_never_get_one_name() -> None:
    with pytest.raises(ValueError, match="two conditions would be called contains"):
        ConditionNames({"contains_any": "contains"})
    ConditionNames({"contains_any": "contains", "contains": "has"})
    clash = field("a").is_today() & field("a").condition("isToday", False)
    with pytest.raises(InvalidFilterError, match="two conditions are called isToday"):
        clash.plain(ConditionNames({"is_today": "isToday"}))


OPERANDS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)
NAMES = st.sampled_from(sorted(CONDITIONS)) | st.text(min_size=1)
PLAIN = st.dictionaries(st.text(), st.dictionaries(NAMES, OPERANDS, min_size=1, max_size=4), max_size=4)
OVERRIDES = st.dictionaries(st.sampled_from(sorted(CONDITIONS)), st.text(min_size=1), max_size=4)


@given(PLAIN)
def test_a_plain_filter_reads_and_writes_back(plain: dict[str, dict[str, Any]]) -> None:
    parsed = Filter.parse(plain)
    assert parsed.plain() == plain
    assert Filter(parsed.conditions) == parsed
    assert Filter.parse(json.loads(json.dumps(dict(parsed)))) == plain


@given(PLAIN, OVERRIDES)
def test_names_are_translated_there_and_back(
    plain: dict[str, dict[str, Any]], overrides: dict[str, str]
) -> None:
    try:
        names = ConditionNames(overrides)
    except ValueError:
        assume(False)
    built = Filter.parse(plain)
    unknown = {condition.name for condition in built.conditions} - set(CONDITIONS)
    assume(not unknown & set(overrides.values()))
    assert Filter.parse(built.plain(names), names) == built


@given(PLAIN, PLAIN)
def test_joining_keeps_every_condition_or_refuses(one: dict[str, Any], other: dict[str, Any]) -> None:
    left, right = Filter.parse(one), Filter.parse(other)
    try:
        joined = left & right
    except InvalidFilterError:
        assert any(name in other.get(field_id, {}) for field_id in one for name in one[field_id])
        return
    places = [(condition.field_id, condition.name) for condition in joined.conditions]
    assert len(places) == len(set(places))
    asked = {repr(condition) for condition in (*left.conditions, *right.conditions)}
    assert {repr(condition) for condition in joined.conditions} == asked
