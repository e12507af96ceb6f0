"""The comparison of two sights: what is a change, and what is not."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.changes.diff import SYSTEM_STAMPS, compare, same_json
from service.changes.types import FieldDiff

SCALARS = st.none() | st.booleans() | st.integers(-5, 5) | st.floats(allow_nan=False) | st.text(max_size=3)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    max_leaves=6,
)
FIELD_IDS = st.sampled_from(["title", "status", "client", "a b", "last_modified", "last_modified_by", "id"])
RECORDS = st.dictionaries(FIELD_IDS, VALUES, max_size=6)
SCHEMAS = st.none() | st.frozensets(FIELD_IDS)


def known(fields: dict[str, Any]) -> dict[str, Any]:
    """A record without what can't differ: stamps, the id, and nulls, which are the same as absent."""
    ignored = SYSTEM_STAMPS | {"id"}
    return {name: value for name, value in fields.items() if name not in ignored and value is not None}


@given(RECORDS, SCHEMAS)
def test_a_record_does_not_differ_from_itself(record: dict[str, Any], schema: frozenset[str] | None) -> None:
    comparison = compare(record, dict(record), schema_fields=schema)
    assert comparison.diff == {}
    assert comparison.left == frozenset()
    assert comparison.fields == record


@given(RECORDS, RECORDS, SCHEMAS)
def test_the_diff_leads_from_the_snapshot_to_the_new_snapshot(
    before: dict[str, Any], after: dict[str, Any], schema: frozenset[str] | None
) -> None:
    comparison = compare(before, after, schema_fields=schema)
    applied = known(before) | {name: each.after for name, each in comparison.diff.items()}
    assert same_json(known(applied), known(dict(comparison.fields)))


@given(RECORDS, RECORDS, SCHEMAS)
def test_the_new_snapshot_is_the_answer_and_what_left(
    before: dict[str, Any], after: dict[str, Any], schema: frozenset[str] | None
) -> None:
    comparison = compare(before, after, schema_fields=schema)
    kept = {name: before[name] for name in comparison.left | {"id"} if name in before and name not in after}
    assert comparison.fields == after | {name: value for name, value in kept.items() if value is not None}
    assert not comparison.left & comparison.diff.keys()
    assert not comparison.left & (schema or frozenset())


@given(RECORDS, RECORDS, SCHEMAS)
def test_a_second_look_finds_nothing_new(
    before: dict[str, Any], after: dict[str, Any], schema: frozenset[str] | None
) -> None:
    first = compare(before, after, schema_fields=schema)
    assert compare(first.fields, after, schema_fields=schema).diff == {}


@given(RECORDS, RECORDS)
def test_back_and_forth_mirror_each_other(one: dict[str, Any], other: dict[str, Any]) -> None:
    forth = compare(one, other, schema_fields=None).diff
    back = compare(other, one, schema_fields=None).diff
    assert {name: FieldDiff(each.after, each.before) for name, each in forth.items()} == back


def test_stamps_and_the_id_are_in_no_diff() -> None:
    before = {"id": "i1", "last_modified": "2023-09-23T20:07:12", "last_modified_by": ["Ann"], "title": "a"}
    after = {"id": "i2", "last_modified": "2023-09-23T20:07:13", "last_modified_by": ["Bob"], "title": "a"}
    comparison = compare(before, after, schema_fields=None)
    assert comparison.diff == {}
    assert comparison.fields == after


def test_null_and_absent_are_the_same_in_the_schema() -> None:
    schema = frozenset({"title", "notes"})
    assert compare({"title": None}, {"notes": None}, schema_fields=schema).diff == {}
    cleared = compare({"title": "a"}, {}, schema_fields=schema)
    assert cleared.diff == {"title": FieldDiff("a", None)}
    assert cleared.fields == {}


def test_a_field_that_left_the_schema_keeps_its_value() -> None:
    comparison = compare({"old": 5, "title": "a"}, {"title": "b"}, schema_fields=frozenset({"title"}))
    assert comparison.diff == {"title": FieldDiff("a", "b")}
    assert comparison.fields == {"old": 5, "title": "b"}
    assert comparison.left == {"old"}


def test_a_field_without_a_value_leaves_unnoticed() -> None:
    comparison = compare({"old": None}, {}, schema_fields=frozenset({"title"}))
    assert comparison.left == frozenset()
    assert comparison.fields == {}


def test_an_unknown_schema_lets_no_field_leave() -> None:
    comparison = compare({"old": 5}, {}, schema_fields=None)
    assert comparison.diff == {"old": FieldDiff(5, None)}
    assert comparison.left == frozenset()


def test_first_sight_has_nothing_to_compare() -> None:
    comparison = compare(None, {"id": "i1", "title": "a"}, schema_fields=None)
    assert comparison.diff == {}
    assert comparison.fields == {"id": "i1", "title": "a"}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (1, 1.0, True),
        (True, 1, False),
        (False, 0, False),
        ([True], [1], False),
        ({"a": 1}, {"a": True}, False),
        (None, False, False),
        (None, "", False),
        ("1", 1, False),
        (["a", "b"], ["b", "a"], False),
        (["a"], ["a", "a"], False),
        ({"a": 1, "b": [2]}, {"b": [2.0], "a": 1}, True),
        ({"a": None}, {}, False),
        ([], {}, False),
    ],
)
def test_json_values_are_the_same_only_if_they_are(one: Any, other: Any, same: bool) -> None:
    assert same_json(one, other) is same
    assert same_json(other, one) is same
