"""Which rules apply to a change."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.changes.types import Change, FieldDiff, Kind
from service.rules.conditions import CONDITIONS
from service.rules.linked import Linked
from service.rules.matcher import Matcher, Verdict
from service.rules.schema import Rule
from tests.fixtures.changes import a_change

UPDATE = a_change()


def rule(**keys: Any) -> Rule:
    return Rule.model_validate({"name": "r", "account": "main", "app": "ia4f42", "run": ["ops"]} | keys)


def verdict(change: Change, app_names: dict[str, str] | None = None, **keys: Any) -> Verdict:
    (only,) = Matcher([rule(**keys)], {"main": ZoneInfo("Europe/Berlin")}).match(change, app_names or {})
    return only


def test_a_rule_without_clauses_applies_to_every_kind() -> None:
    for kind in Kind:
        found = verdict(replace(UPDATE, kind=kind, record=None, diff=None))
        assert found.matched
        assert found.reason == f"applies to every {kind}"


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        ({"account": "other"}, "the rule is for account other"),
        ({"app": "Clients"}, "the rule is for app Clients"),
        ({"on": ["create", "delete"]}, "the rule is on create, delete, not on update"),
    ],
)
def test_a_rule_of_another_account_app_or_kind_does_not_apply(keys: dict[str, Any], reason: str) -> None:
    found = verdict(UPDATE, {"Clients": "i502fb"}, **keys)
    assert not found.matched
    assert found.reason == reason


def test_an_app_may_be_named() -> None:
    assert verdict(UPDATE, {"Tasks": "ia4f42"}, app="Tasks").matched
    assert not verdict(UPDATE, {}, app="Tasks").matched, "the name counts only as it was resolved"


def test_when_and_changed_must_both_hold() -> None:
    keys: dict[str, Any] = {"when": {"status": {"equal": "Done"}}, "changed": {"status": {"to": "Done"}}}
    found = verdict(UPDATE, **keys)
    assert found.matched
    assert found.reason == "all 2 clauses hold"
    assert [clause.path for clause in found.clauses] == ["when.status.equal", "changed.status.to"]
    missed = verdict(replace(UPDATE, diff={"due": FieldDiff(None, "2024-10-01")}), **keys)
    assert not missed.matched
    assert missed.reason == "changed.status: expected 'a change', saw ['due']"


def test_when_looks_at_the_last_known_state_on_delete() -> None:
    deleted = replace(UPDATE, kind=Kind.DELETE, diff=None)
    assert verdict(deleted, when={"status": {"equal": "Done"}}).matched
    unknown = verdict(replace(deleted, record=None), when={"status": {"equal": "Done"}})
    assert not unknown.matched
    assert unknown.reason == "the record's last state is unknown"


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (Kind.CREATE, "`changed` never matches a create"),
        (Kind.DELETE, "`changed` never matches a delete"),
        (Kind.UPDATE, "`changed` never matches at first sight"),
    ],
)
def test_changed_needs_a_diff(kind: Kind, reason: str) -> None:
    found = verdict(replace(UPDATE, kind=kind, diff=None), changed=["status"])
    assert not found.matched
    assert found.reason == reason


def test_today_is_the_day_of_the_change_in_the_accounts_zone() -> None:
    due = a_change(record={"due": "2024-10-01"}, created_at=datetime(2024, 9, 30, 22, 30, tzinfo=UTC))
    assert verdict(due, when={"due": {"is_today": True}}).matched, "22:30 UTC is the next day in Berlin"
    (in_utc,) = Matcher([rule(when={"due": {"is_today": True}})], {}).match(due, {})
    assert not in_utc.matched


def test_a_rule_that_fails_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("service.rules.linked.CONDITIONS", {**CONDITIONS, "contains": fail})
    rules = [
        rule(name="first", when={"status": {"contains": "x"}}),
        rule(name="second", when={"status": {"equal": "Done"}}),
    ]
    first, second = Matcher(rules, {}).match(UPDATE, {})
    assert (first.rule, first.matched) == ("first", False)
    assert first.reason == "judging the rule failed: RuntimeError: broken"
    assert (second.rule, second.matched) == ("second", True)


@pytest.mark.parametrize(
    ("keys", "different", "decided_by"),
    [
        ({"account": "other"}, {}, "account"),
        ({"app": "Clients"}, {}, "app"),
        ({"on": ["create"]}, {}, "kind"),
        ({"changed": ["title"]}, {}, "changed"),
        ({"changed": {"status": {"to": "To do"}}}, {}, "changed.status.to"),
        ({"changed": ["status"]}, {"diff": None}, "changed"),
        ({}, {"diff": {}}, "changed"),
        ({"when": {"status": {"equal": "Done"}}}, {"record": None}, "unknown state"),
        ({"when": {"status": {"equal": "To do"}, "due": {"equal": 1}}}, {}, "when.status.equal"),
        ({"when": {"any": [{"status": {"equal": "To do"}}]}}, {}, "when.any"),
        ({"when": {"change": {"kind": "create"}}}, {}, "when.change.kind"),
        ({"when": {"status": {"equal": "Done"}}}, {}, None),
        ({"unchanged": True}, {"diff": {}}, None),
    ],
)
def test_what_decided(keys: dict[str, Any], different: dict[str, Any], decided_by: str | None) -> None:
    found = verdict(replace(UPDATE, **different), **keys)
    assert (found.decided_by, found.matched) == (decided_by, decided_by is None)


def test_a_rule_does_not_see_what_it_wrote_itself() -> None:
    rules = [rule(name="writer"), rule(name="reader")]
    writer, reader = Matcher(rules, {}).match(UPDATE, {}, hidden_from={"writer"})
    assert (writer.matched, writer.decided_by) == (False, "own write")
    assert writer.reason == "own write: the rule made this change itself"
    assert reader.matched


def test_a_rule_waits_for_linked_records_unless_something_else_decides() -> None:
    asks = {"client.country": {"equal": "DE"}}
    waits = verdict(UPDATE, when={"status": {"equal": "Done"}} | asks)
    assert (waits.matched, waits.awaits_links, waits.decided_by) == (True, True, None)
    assert "waits for the linked records of client" in waits.reason
    decided = verdict(UPDATE, when={"status": {"equal": "To do"}} | asks)
    assert (decided.matched, decided.awaits_links) == (False, False)
    either = verdict(UPDATE, when={"any": [{"status": {"equal": "Done"}}, asks]})
    assert (either.matched, either.awaits_links) == (True, False)


TIMES = st.sampled_from(
    [
        "0001-01-01",
        "9999-12-31",
        "0001-01-01T00:00:00+1400",
        "9999-12-31T23:59:59-1200",
        "2024-09-30|",
        "0001-01-01|9999-12-31T23:59:59Z",
        "2024-03-31T02:30:00",
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | TIMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
CONDITION = st.sampled_from(
    [
        {"equal": "<p>a</p>"},
        {"equal": ["a", 5, True, None]},
        {"not_equal": "2024-09-30"},
        {"contains": "2024-09-30T07:00:00-0500"},
        {"does_not_contain": 5},
        {"contains_any": ["a", 5, True, "2024-09-30"]},
        {"contains_all": ["a", "b"]},
        {"greater_than": 5},
        {"less_than": "2024-09-30T23:59:59+1400"},
        {"within_previous": 36500},
        {"within_next": 36500},
        {"is_today": False},
        {"has_no_value": True},
    ]
)
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "Pacific/Apia", "America/New_York"])


@given(
    before=JSON,
    after=JSON,
    condition=CONDITION,
    field=st.sampled_from(["a", "a.b"]),
    kind=st.sampled_from(Kind),
    zone=ZONES,
)
def test_no_record_makes_judging_fail(
    *, before: Any, after: Any, condition: dict[str, Any], field: str, kind: Kind, zone: str
) -> None:
    change = replace(
        UPDATE,
        kind=kind,
        record={"a": after, "b": before, "last_modified_by": before},
        diff={"a": FieldDiff(before, after)} if kind is Kind.UPDATE else None,
    )
    rules = [
        rule(name="after", when={field: condition, "not": {"b": condition}}),
        rule(name="before", when_before={"a": condition}, when={"change": {"edited_by": ["Ann"]}}),
        rule(name="moved", changed={"a": {"from": condition.get("equal"), "to": "a"}}),
        rule(name="cleared", changed={"a": "cleared"}),
    ]
    linked = Linked({"a": [{"b": after}, {}, {"b": before}]})
    for verdicts in (
        Matcher(rules, {"main": ZoneInfo(zone)}).match(change, {}),
        Matcher(rules, {"main": ZoneInfo(zone)}).match(change, {}, linked=linked),
    ):
        assert [each.reason for each in verdicts if each.decided_by == "error"] == []
        assert all(each.matched is (each.decided_by is None) for each in verdicts)
    assert not any(each.awaits_links for each in verdicts)


def test_a_long_value_is_cut_in_the_reason() -> None:
    found = verdict(replace(UPDATE, record={"notes": "x" * 5000}), when={"notes": {"equal": "short"}})
    assert len(found.reason) < 200
    assert found.clauses[0].seen == "x" * 5000
