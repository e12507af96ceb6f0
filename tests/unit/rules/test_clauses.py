"""How conditions combine, and what each clause tells."""

import json
from datetime import UTC, datetime
from itertools import product
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from service.changes.types import FieldDiff
from service.rules.changed import Changed
from service.rules.clause import Truth, all_of
from service.rules.clauses import Subject, changed_clauses, when_clauses
from service.rules.linked import Linked
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


def truth_of(when: dict[str, Any], record: dict[str, Any], linked: Linked | None) -> Truth:
    return all_of(when_clauses(When.model_validate(when), Subject(a_change(), record, NOW, linked)))


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


@given(TREES, RECORDS, st.randoms(use_true_random=False))
def test_the_order_of_keys_does_not_matter(
    tree: dict[str, Any], record: dict[str, Any], random: Random
) -> None:
    whole = {"all": [tree], "a": {"less_than": 2, "equal": 1}, "b": {"has_no_value": True}, "not": tree}
    keys = random.sample(list(whole), len(whole))
    assert holds({key: whole[key] for key in keys}, record) is holds(whole, record)


@given(TREES, RECORDS)
def test_what_is_open_is_decided_as_every_way_of_ending_it_agrees(
    tree: dict[str, Any], record: dict[str, Any]
) -> None:
    """The conditions on `a` and `b` follow links: open, then known."""
    linked = json.loads(json.dumps(tree).replace('"a"', '"a.x"').replace('"b"', '"b.x"'))
    ways = product([None, 0, 1, 2], repeat=2)
    ends = {truth_of(linked, record, Linked({"a": [{"x": a}], "b": [{"x": b}]})) for a, b in ways}
    open_truth = truth_of(linked, record, None)
    assert None not in ends
    if open_truth is not None:
        assert ends == {open_truth}


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


def test_changed_as_one_text_asks_for_that_field() -> None:
    diff = {"status": FieldDiff(["A"], ["B"])}
    assert changed_holds("status", diff)
    assert not changed_holds("title", diff)


@pytest.mark.parametrize(
    ("before", "after", "word"),
    [
        (None, "x", "set"),
        ("<p></p>", "<p>x</p>", "set"),
        ([], ["Done"], "set"),
        ("x", None, "cleared"),
        (["Done"], [], "cleared"),
        ("x", "y", None),
        (None, "", None),
        (0, False, None),
    ],
)
def test_changed_by_a_word(before: Any, after: Any, word: str | None) -> None:
    diff = {"field": FieldDiff(before, after)}
    assert [each for each in ("set", "cleared") if changed_holds({"field": each}, diff)] == [word] * bool(
        word
    )
    assert not changed_holds({"other": "set"}, diff)


def test_a_word_and_a_transition_must_both_hold() -> None:
    diff = {"status": FieldDiff(["A"], ["B"]), "due": FieldDiff("2024-09-30", None)}
    assert changed_holds({"status": {"to": "B"}, "due": "cleared"}, diff)
    assert not changed_holds({"status": {"to": "B"}, "due": "set"}, diff)


def test_changed_as_a_mapping_asks_for_every_transition() -> None:
    diff = {"status": FieldDiff(["In progress"], ["Done"]), "due": FieldDiff("2024-09-30", None)}
    assert changed_holds({"status": {"from": "In progress", "to": "Done"}}, diff)
    assert changed_holds({"status": {"to": "Done"}}, diff)
    assert changed_holds({"status": {"from": ["In progress"]}}, diff)
    assert changed_holds({"status": {"to": "Done"}, "due": {"to": None}}, diff)
    assert not changed_holds({"status": {"from": "Open", "to": "Done"}}, diff)
    assert not changed_holds({"status": {"to": "Done"}, "due": {"from": None}}, diff)
    assert not changed_holds({"title": {"to": "x"}}, diff)
