"""`when_before`: the record as it was before the change."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.changes.diff import compare
from service.changes.types import Change, FieldDiff, Kind
from service.rules.before import state_before
from service.rules.matcher import Matcher, Verdict
from service.rules.schema import Rule
from tests.fixtures.changes import a_change

VALUES = (
    st.none() | st.integers(0, 2) | st.sampled_from(["a", "b"]) | st.lists(st.sampled_from("ab"), max_size=2)
)
RECORDS = st.dictionaries(st.sampled_from(["x", "y", "z", "last_modified"]), VALUES)


def verdict(change: Change, **keys: Any) -> Verdict:
    rule = Rule.model_validate({"name": "r", "account": "main", "app": "ia4f42", "run": ["ops"]} | keys)
    (only,) = Matcher([rule], {}).match(change, {})
    return only


def test_it_sees_the_values_before() -> None:
    change = a_change(
        record={"status": ["Done"], "due": "2024-10-01"},
        diff={"status": FieldDiff(["In progress"], ["Done"]), "note": FieldDiff("x", None)},
    )
    before: dict[str, Any] = {
        "status": {"equal": "In progress"},
        "due": {"equal": "2024-10-01"},
        "note": {"equal": "x"},
    }
    found = verdict(change, when_before=before)
    assert found.matched
    assert [clause.path for clause in found.clauses] == [
        "when_before.status.equal",
        "when_before.due.equal",
        "when_before.note.equal",
    ]
    missed = verdict(change, when_before={"status": {"equal": "Done"}}, when={"status": {"equal": "Done"}})
    assert (missed.matched, missed.decided_by) == (False, "when_before.status.equal")


def test_an_element_that_was_taken_out_of_a_list() -> None:
    change = a_change(record={"tags": ["Blue"]}, diff={"tags": FieldDiff(["Red", "Blue"], ["Blue"])})
    keys = {"when_before": {"tags": {"contains": "Red"}}, "when": {"tags": {"does_not_contain": "Red"}}}
    assert verdict(change, **keys).matched


def test_on_delete_it_is_the_last_known_state() -> None:
    deleted = a_change(kind=Kind.DELETE, diff=None)
    assert verdict(deleted, when_before={"status": {"equal": "Done"}}).matched
    unknown = verdict(a_change(kind=Kind.DELETE, diff=None, record=None), when_before={"a": {"equal": 1}})
    assert (unknown.decided_by, unknown.reason) == ("unknown state", "the record's last state is unknown")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (a_change(kind=Kind.CREATE, diff=None), "`when_before` never matches a create"),
        (
            a_change(kind=Kind.CREATE, diff=None, restored=True),
            "`when_before` never matches a restored record: its state before is not known",
        ),
        (a_change(diff=None), "`when_before` never matches at first sight"),
    ],
)
def test_where_nothing_is_known_of_before_it_never_matches(change: Change, reason: str) -> None:
    found = verdict(change, when_before={"status": {"has_no_value": True}})
    assert (found.matched, found.decided_by, found.reason) == (False, "unknown state", reason)


def test_who_edited_before_is_not_known() -> None:
    change = a_change(record={"status": ["Done"], "last_modified_by": ["Ann"]})
    assert not verdict(change, when_before={"last_modified_by": {"contains": "Ann"}}).matched
    assert verdict(change, when_before={"change": {"edited_by": "Ann"}}).matched


@pytest.mark.parametrize("change", [a_change(diff=None), a_change(record=None)])
def test_an_unknown_state_is_refused(change: Change) -> None:
    with pytest.raises(ValueError, match="the state before the update is not known"):
        state_before(change)


@given(RECORDS, RECORDS)
def test_diff_and_state_after_give_the_state_before(before: dict[str, Any], after: dict[str, Any]) -> None:
    comparison = compare(before, after, schema_fields=None)
    told = state_before(a_change(record=comparison.fields, diff=comparison.diff))
    assert compare(before, told, schema_fields=None).diff == {}
