"""How conditions combine, and what each clause tells."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from service.changes.types import FieldDiff
from service.rules.changed import Changed
from service.rules.clauses import Subject, changed_clauses, when_clauses
from service.rules.when import When
from tests.fixtures.changes import a_change

NOW = datetime(2024, 9, 30, 12, tzinfo=UTC)
RECORDS = st.dictionaries(st.sampled_from("abc"), st.integers(0, 2), max_size=3)
LEAVES = st.builds(
    lambda field, name, value: {field: {name: value}},
    st.sampled_from("abc"),
    st.sampled_from(["equal", "greater_than", "contains"]),
    st.integers(0, 2),
)
TREES = st.recursive(
    LEAVES,
    lambda inner: (
        st.builds(lambda each: {"not": each}, inner)
        | st.builds(lambda each: {"any": each}, st.lists(inner, min_size=1, max_size=3))
        | st.builds(lambda each: {"all": each}, st.lists(inner, min_size=1, max_size=3))
    ),
    max_leaves=6,
)


def holds(when: dict[str, Any], record: dict[str, Any]) -> bool:
    return all(
        clause.ok for clause in when_clauses(When.model_validate(when), Subject(a_change(), record, NOW))
    )


def changed_holds(changed: Any, diff: dict[str, FieldDiff]) -> bool:
    parsed = TypeAdapter[Any](Changed).validate_python(changed)
    return all(clause.ok for clause in changed_clauses(parsed, diff, NOW))


@given(TREES, RECORDS)
def test_not_inverts(tree: dict[str, Any], record: dict[str, Any]) -> None:
    assert holds({"not": tree}, record) is not holds(tree, record)
    assert holds({"not": {"not": tree}}, record) is holds(tree, record)


@given(st.lists(TREES, min_size=1, max_size=3), RECORDS)
def test_de_morgan(trees: list[dict[str, Any]], record: dict[str, Any]) -> None:
    opposites = [{"not": tree} for tree in trees]
    assert holds({"not": {"any": trees}}, record) is holds({"all": opposites}, record)
    assert holds({"not": {"all": trees}}, record) is holds({"any": opposites}, record)


@given(st.lists(TREES, min_size=1, max_size=3), RECORDS)
def test_any_and_all_are_or_and_and(trees: list[dict[str, Any]], record: dict[str, Any]) -> None:
    each = [holds(tree, record) for tree in trees]
    assert holds({"any": trees}, record) is any(each)
    assert holds({"all": trees}, record) is all(each)


def test_several_fields_and_several_conditions_must_all_hold() -> None:
    when = {"a": {"greater_than": 1, "less_than": 5}, "b": {"equal": "x"}}
    assert holds(when, {"a": 3, "b": "x"})
    assert not holds(when, {"a": 3, "b": "y"})
    assert not holds(when, {"a": 5, "b": "x"})


def test_an_absent_field_is_null() -> None:
    assert holds({"a": {"equal": None}}, {})
    assert holds({"a": {"has_no_value": True}}, {})


def test_clauses_name_their_place_and_what_was_seen() -> None:
    when = When.model_validate(
        {
            "a": {"equal": 1},
            "all": [{"b": {"contains": "x"}}],
            "any": [{"a": {"greater_than": 0}}, {"c": {"is_today": True}}],
        }
    )
    first, second, third = when_clauses(when, Subject(a_change(), {"a": 2, "b": "xy"}, NOW))
    assert (first.path, first.expected, first.seen, first.ok) == ("when.a.equal", 1, 2, False)
    assert (second.path, second.ok) == ("when.all.0.b.contains", True)
    assert third.path == "when.any"
    assert third.ok
    assert third.seen == {"when.any.0.a.greater_than": True, "when.any.1.c.is_today": False}
    assert third.reason == "when.any.1.c.is_today: there is no date"
    assert str(first) == "when.a.equal: expected 1, saw 2"


def test_changed_as_a_list_asks_for_any_of_the_fields() -> None:
    diff = {"status": FieldDiff(["A"], ["B"])}
    assert changed_holds(["status", "title"], diff)
    assert not changed_holds(["title"], diff)


def test_changed_as_a_mapping_asks_for_every_transition() -> None:
    diff = {"status": FieldDiff(["In progress"], ["Done"]), "due": FieldDiff("2024-09-30", None)}
    assert changed_holds({"status": {"from": "In progress", "to": "Done"}}, diff)
    assert changed_holds({"status": {"to": "Done"}}, diff)
    assert changed_holds({"status": {"from": ["In progress"]}}, diff)
    assert changed_holds({"status": {"to": "Done"}, "due": {"to": None}}, diff)
    assert not changed_holds({"status": {"from": "Open", "to": "Done"}}, diff)
    assert not changed_holds({"status": {"to": "Done"}, "due": {"from": None}}, diff)
    assert not changed_holds({"title": {"to": "x"}}, diff)
