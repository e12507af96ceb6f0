from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.dev.simulators.fusioo.example_apps import tasks_app
from service.dev.simulators.fusioo.filters import check_filter, matches
from tests.fixtures.typed_app import typed_app

_NOW = datetime(2024, 9, 20, 12, tzinfo=UTC)
_TASK = {
    "title": "Test record",
    "priority": ["High"],
    "status": ["In progress"],
    "due_date": "2024-09-24",
    "approved": True,
    "estimate": 4,
    "created": "2024-09-20T08:00:00",
}


def _fits(body: dict[str, Any], task: dict[str, Any] | None = None) -> bool:
    app = tasks_app()
    assert check_filter(app, body, frozenset()) == []
    return matches(app, body, _TASK if task is None else task, _NOW)


@pytest.mark.parametrize(
    ("field", "condition", "operand", "expected"),
    [
        ("title", "equal", "Test record", True),
        ("title", "equal", "Test", False),
        ("title", "not_equal", "Test", True),
        ("title", "contains", "record", True),
        ("title", "does_not_contain", "record", False),
        ("approved", "equal", True, True),
        ("approved", "equal", False, False),
        ("estimate", "greater_than", 3.5, True),
        ("estimate", "less_than", 4, False),
        ("status", "contains", "In Progress", True),  # the page's own sample, with its other case
        ("status", "does_not_contain", "Done", True),
        ("priority", "contains_any", ["High", "Critical"], True),
        ("priority", "contains_all", ["High", "Critical"], False),
        ("due_date", "greater_than", "2024-09-23", True),
        ("due_date", "less_than", "2024-09-23", False),
        ("due_date", "within_next", 4, True),
        ("due_date", "within_next", 3, False),
        ("due_date", "within_previous", 30, False),
        ("created", "within_previous", 1, True),
        ("created", "is_today", True, True),
        ("due_date", "is_today", True, False),
        ("created", "equal", "2024-09-20", True),
        ("created", "not_equal", "2023-10-04", True),
        ("created", "greater_than", "2024-09-20T07:00:00+0000", True),
        ("notes", "has_no_value", True, True),
        ("title", "has_no_value", False, True),
    ],
)
def test_condition(field: str, condition: str, operand: Any, expected: bool) -> None:
    assert _fits({field: {condition: operand}}) is expected


@pytest.mark.parametrize(
    ("field", "condition", "operand"),
    [
        ("nothing", "equal", "x"),
        ("title", "is_like", "x"),
        ("title", "equal", 5),
        ("approved", "equal", "true"),
        ("status", "equal", "Done"),
        ("status", "contains_any", "Done"),
        ("title", "greater_than", "a"),
        ("estimate", "contains", "4"),
        ("due_date", "equal", "soon"),
        ("due_date", "within_next", -1),
        ("notes", "has_no_value", "yes"),
        ("client", "has_no_value", True),  # the page lists the types that it works on
        ("approved", "has_no_value", True),
    ],
)
def test_a_wrong_condition_is_named(field: str, condition: str, operand: Any) -> None:
    problems = check_filter(tasks_app(), {field: {condition: operand}}, frozenset())
    assert [problem["field"] for problem in problems] == [field]


def test_a_hidden_field_cannot_be_asked_for() -> None:
    assert check_filter(tasks_app(), {"notes": {"equal": "x"}}, frozenset({"notes"})) != []


@pytest.mark.parametrize("body", [[], "x", {"title": "x"}])
def test_a_filter_is_an_object_of_objects(body: Any) -> None:
    assert check_filter(tasks_app(), body, frozenset()) != []


def test_fields_and_conditions_are_joined_by_and() -> None:
    assert _fits({"estimate": {"greater_than": 1, "less_than": 9}, "approved": {"equal": True}})
    assert not _fits({"estimate": {"greater_than": 1, "less_than": 9}, "approved": {"equal": False}})


_PRIORITIES = st.lists(st.sampled_from(["Low", "Normal", "High"]), unique=True)


@given(held=_PRIORITIES, asked=_PRIORITIES)
def test_any_and_all_of_a_list_agree_with_sets(held: list[str], asked: list[str]) -> None:
    task = {"priority": held} if held else {}
    assert _fits({"priority": {"contains_any": asked}}, task) is bool(set(held) & set(asked))
    assert _fits({"priority": {"contains_all": asked}}, task) is (set(asked) <= set(held))


@given(title=st.text(), operand=st.text())
def test_a_negation_is_the_opposite(title: str, operand: str) -> None:
    task = {"title": title} if title else {}
    assert _fits({"title": {"equal": operand}}, task) is not _fits({"title": {"not_equal": operand}}, task)
    assert _fits({"title": {"contains": operand}}, task) is not _fits(
        {"title": {"does_not_contain": operand}}, task
    )


@pytest.mark.parametrize(
    ("kind", "value", "body", "expected"),
    [
        ("formula", 12.5, {"equal": 12.5}, True),
        ("formula", "Late", {"equal": 12.5}, False),
        ("formula", None, {"has_no_value": True}, True),
        ("auto_number", "GDX-22433", {"equal": "GDX-22433"}, True),
        ("date_range", "2024-09-24|2024-09-30", {"equal": "2024-09-24|2024-09-30"}, True),
        ("role_link", ["Managers"], {"contains": "Managers"}, True),
        ("app_link", ["i1", "i2"], {"contains": "i2"}, True),
        ("rating", 3, {"not_equal": 4}, True),
    ],
)
def test_every_type_can_be_asked_for(kind: str, value: Any, body: dict[str, Any], expected: bool) -> None:
    app = typed_app()
    assert check_filter(app, {kind: body}, frozenset()) == []
    assert matches(app, {kind: body}, {kind: value}, _NOW) is expected
