"""Which rules apply to a change."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from service.changes.types import App, Change, FieldDiff, Kind, Origin
from service.rules.conditions import CONDITIONS
from service.rules.matcher import Matcher, Verdict
from service.rules.schema import Rule

UPDATE = Change(
    id=UUID(int=1),
    account="main",
    provider="fusioo",
    app=App("ia4f42", "Tasks"),
    record_id="i59adb",
    kind=Kind.UPDATE,
    origin=Origin.WEBHOOK,
    version=7,
    record={"id": "i59adb", "status": ["Done"], "due": "2024-10-01"},
    diff={"status": FieldDiff(["In progress"], ["Done"])},
    created_at=datetime(2024, 9, 30, 22, 30, tzinfo=UTC),
)


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
    assert verdict(UPDATE, when={"due": {"is_today": True}}).matched, "22:30 UTC is the next day in Berlin"
    (in_utc,) = Matcher([rule(when={"due": {"is_today": True}})], {}).match(UPDATE, {})
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


def test_a_long_value_is_cut_in_the_reason() -> None:
    found = verdict(replace(UPDATE, record={"notes": "x" * 5000}), when={"notes": {"equal": "short"}})
    assert len(found.reason) < 200
    assert found.clauses[0].seen == "x" * 5000
