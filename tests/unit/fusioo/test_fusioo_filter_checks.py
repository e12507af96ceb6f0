"""A filter that can't work is refused with what to write instead; what nobody knows passes."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.fusioo.conditions import CONDITIONS, ConditionNames
from service.fusioo.filter_checks import validate
from service.fusioo.filters import Filter, field
from service.fusioo.kinds import KINDS_BY_TYPE, FieldKinds, ValueKind
from service.fusioo.models import App
from service.fusioo.problems import InvalidFilterError, Problem

TASKS = App.model_validate(
    {
        "id": "ia4f42",
        "name": "Tasks",
        "fields": [
            {"id": "title", "name": "Title", "type": "text"},
            {
                "id": "status",
                "name": "Progress",
                "type": "list",
                "options": {"items": ["In progress", "Done"]},
            },
            {"id": "responsible", "type": "user_link", "options": {"items": ["John Doe"]}},
            {"id": "client", "type": "app_link"},
            {"id": "papers", "type": "file"},
            {"id": "approved", "type": "boolean"},
            {"id": "budget", "type": "number"},
            {"id": "due_date", "type": "date"},
            {"id": "starts", "type": "date_time"},
            {"id": "holiday", "type": "date_range"},
            {"id": "total", "type": "formula"},
            {"id": "price", "type": "currency"},
            {"id": "stage", "type": "list"},
        ],
    }
)

FINE: list[Filter] = [
    field("title").contains("x") & field("title").has_no_value(False),
    field("title").contains_any("x", "y"),
    field("status").contains("Done") & field("status").contains_any("In Progress", "done"),
    field("status").has_no_value(),
    field("stage").contains("Anything"),
    field("responsible").contains("Somebody Who Left"),
    field("client").contains("i59adb"),
    field("papers").does_not_contain("if330"),
    field("approved").equal(True) & field("approved").not_equal(False),
    field("budget").greater_than(1) & field("budget").less_than(2.5),
    field("due_date").equal(date(2024, 9, 30)) & field("due_date").within_next(7),
    field("starts").less_than(datetime(2024, 9, 30, tzinfo=UTC))
    & field("starts").greater_than(date(2024, 9, 1)),
    field("holiday").is_today(),
    field("total").equal("x") & field("total").greater_than(1) & field("total").contains("y"),
    field("price").equal("12 €") & field("price").within_previous(1),
    field("created").not_equal("2023-10-04") & field("last_modified").greater_than("2023-09-23T20:07:12"),
    field("created_by").contains("John Doe"),
    field("status").condition("sounds_like", 3),
    Filter(),
]


@pytest.mark.parametrize("asked", FINE, ids=repr)
def test_what_can_work_passes(asked: Filter) -> None:
    validate(asked, TASKS)
    validate(asked.plain(), TASKS)


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (field("statsu").contains("Done"), "statsu: is not a field of Tasks .*, did you mean 'status'?"),
        (field("Progress").contains("Done"), "Progress: is the name of a field of Tasks; its id is 'status'"),
        (field("qqq").contains("Done"), "that the token may see$"),
        (field("status").equal("Done"), "status: is a list, on which equal finds nothing: use contains$"),
        (field("status").not_equal("Done"), "use does_not_contain$"),
        (field("responsible").equal("John Doe"), "use contains$"),
        (field("client").equal("i59adb"), "use contains$"),
        (field("status").greater_than("Done"), "greater_than does not work .*: use one of contains,"),
        (field("status").contains("Doen"), "'Doen' is not one of its options, did you mean 'Done'?"),
        (field("status").contains_any("Done", "Later"), "'Later' is not one of its options$"),
        (field("status").contains(3), "3 is not a text"),  # type: ignore[arg-type]  # that is the case here
        (field("status").condition("contains", ["Done"]), "takes one value: for several use contains_any"),
        (field("status").condition("contains_any", "Done"), "contains_any takes a list"),
        (field("status").contains_all(), "contains_all takes a list"),
        (field("approved").equal("true"), "is not a boolean: write true or false, without quotes"),
        (field("approved").equal(1), "is not a boolean"),
        (field("approved").contains("x"), "use one of equal, not_equal$"),
        (field("approved").has_no_value(), "has_no_value does not work"),
        (field("client").has_no_value(), "has_no_value does not work"),
        (field("budget").equal("12"), "'12' is not a number"),
        (field("budget").equal(True), "True is not a number"),
        (field("budget").contains("1"), "contains does not work"),
        (field("due_date").equal("30.09.2024"), "not a day like 2024-09-30"),
        (field("due_date").less_than(datetime(2024, 9, 30, tzinfo=UTC)), "not a day like"),
        (field("starts").equal("2024-09-30T07:00:00"), "a moment with its offset"),
        (field("starts").contains("2024"), "contains does not work"),
        (field("created").equal("yesterday"), "not a day like 2023-09-23 or a moment"),
        (field("due_date").within_next(-1), "a whole number of days, not -1"),
        (field("due_date").within_next(1.5), "a whole number of days"),  # type: ignore[arg-type]  # that is the case
        (field("due_date").within_next(True), "a whole number of days"),
        (field("due_date").condition("is_today", "yes"), "is_today takes true or false"),
        (field("title").condition("equal", None), "use has_no_value"),
        (field("title").is_today(), "is_today does not work"),
        (field("title").greater_than("a"), "greater_than does not work"),
    ],
)
def test_what_can_not_work_is_refused_with_what_to_write(asked: Filter, why: str) -> None:
    with pytest.raises(InvalidFilterError, match=why):
        validate(asked, TASKS)


def test_everything_wrong_is_named_at_once() -> None:
    with pytest.raises(InvalidFilterError) as caught:
        validate({"status": {"equal": "Done"}, "approved": {"equal": "true"}, "title": {"equal": "x"}}, TASKS)
    assert [problem.field_id for problem in caught.value.problems] == ["status", "approved"]


def test_kinds_and_names_can_be_told() -> None:
    kinds = FieldKinds(by_type={"currency": ValueKind.NUMBER})
    with pytest.raises(InvalidFilterError, match="not a number"):
        validate(field("price").equal("12 €"), TASKS, kinds=kinds)
    names = ConditionNames({"is_today": "isToday"})
    with pytest.raises(InvalidFilterError, match="is_today does not work"):
        validate({"title": {"isToday": True}}, TASKS, names=names)
    validate({"title": {"isToday": True}}, TASKS)


def test_every_kind_can_be_asked_for_somehow() -> None:
    unaskable = [kind for kind in ValueKind if not any(kind in known.kinds for known in CONDITIONS.values())]
    assert unaskable == []


@given(
    st.sampled_from(sorted(KINDS_BY_TYPE)),
    st.sampled_from(sorted(CONDITIONS)),
    st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text()),
)
def test_any_filter_is_judged_without_falling_over(kind: str, name: str, operand: Any) -> None:
    app = App.model_validate(
        {"id": "ia", "fields": [{"id": "it", "type": kind, "options": {"items": ["a"]}}]}
    )
    problems: tuple[Problem, ...] = ()
    try:
        validate({"it": {name: operand}}, app)
    except InvalidFilterError as error:
        problems = error.problems
    assert all(problem.field_id == "it" and problem.reason for problem in problems)
