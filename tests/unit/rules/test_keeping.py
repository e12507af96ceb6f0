"""Rules that are kept read back as they were, in the order in which they were written."""

import json
from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given

from service.changes.types import Change
from service.rules.keeping import KeptRules
from service.rules.matcher import Matcher
from service.rules.schema import Rule
from tests.fixtures.random_rules import APP, CHANGES, RULE_SETS

ZONES = {"main": ZoneInfo("Europe/Berlin"), "other": UTC}


def again(kept: KeptRules) -> KeptRules:
    return KeptRules.model_validate(json.loads(json.dumps(kept.written())))


def rule(**keys: Any) -> Rule:
    return Rule.model_validate({"name": "r", "account": "main", "app": 195, "run": ["ops"], **keys})


def test_what_was_not_written_stays_away() -> None:
    kept = KeptRules(rules=(rule(when={"a": {"equal": None}}),), timezones=ZONES)
    assert kept.written() == {
        "rules": [
            {"name": "r", "account": "main", "app": "195", "when": {"a": {"equal": None}}, "run": ["ops"]}
        ],
        "timezones": {"main": "Europe/Berlin", "other": "UTC"},
    }


def test_the_order_of_conditions_is_kept() -> None:
    kept = KeptRules(rules=(rule(when={"zz": {"equal": 1}, "a": {"equal": 2}}),), timezones={})
    when = again(kept).rules[0].when
    assert when is not None
    assert list(when.fields) == ["zz", "a"]


@given(rules=RULE_SETS, change=CHANGES)
def test_kept_rules_judge_as_the_rules_did(rules: tuple[Rule, ...], change: Change) -> None:
    kept = KeptRules(rules=rules, timezones=ZONES)
    assert again(kept) == kept
    names = {APP.name: APP.id}
    assert again(kept).matcher().match(change, names) == Matcher(rules, ZONES).match(change, names)
