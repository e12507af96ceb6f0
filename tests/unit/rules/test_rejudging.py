"""Stored changes are judged again as they were judged when they were stored."""

from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given

from service.changes.types import Change
from service.rules.keeping import KeptRules
from service.rules.linked import Linked
from service.rules.matcher import Matcher
from service.rules.rejudging import Judge, KeptChange, Rejudged
from service.rules.schema import Rule
from tests.fixtures.changes import a_change
from tests.fixtures.random_rules import APP, CHANGES, RULE_SETS

ZONES = {"main": ZoneInfo("Europe/Berlin")}
ASKS_LINKS = {"client.country": {"equal": "DE"}}


def kept(change: Change, **known: Any) -> KeptChange:
    nothing: dict[str, Any] = {"rules_digest": "", "verdicts": None, "fired": (), "linked": {}}
    return KeptChange(change, **{**nothing, **known})


def rule(name: str = "r", **keys: Any) -> Rule:
    return Rule.model_validate({"name": name, "account": "main", "app": "ia4f42", "run": ["ops"], **keys})


def judged(change: KeptChange, *rules: Rule) -> list[Rejudged]:
    return Judge(KeptRules(rules=rules, timezones={})).judge(change)


@given(rules=RULE_SETS, change=CHANGES)
def test_every_rule_of_the_app_says_what_the_matcher_said(rules: tuple[Rule, ...], change: Change) -> None:
    matched = Matcher(rules, ZONES).match(change, {APP.name: APP.id})
    of_the_app = [verdict for verdict in matched if verdict.decided_by not in {"account", "app"}]
    again = Judge(KeptRules(rules=rules, timezones=ZONES)).judge(kept(change))
    assert [each.first for each in again] == of_the_app
    assert [each.final for each in again] == of_the_app


def test_rules_of_other_apps_and_accounts_say_nothing() -> None:
    change = kept(a_change())
    assert judged(change, rule(app="i502fb"), rule("two", account="other")) == []
    (named,) = judged(change, rule(app="Tasks"))
    assert named.final.matched


def test_a_rule_stays_hidden_from_what_it_did_itself() -> None:
    change = kept(a_change(), verdicts={"r": "own write", "two": None})
    own, two = judged(change, rule(), rule("two"))
    assert (own.final.matched, own.final.decided_by) == (False, "own write")
    assert two.final.matched


def test_linked_records_are_those_that_were_fetched_for_the_rule() -> None:
    here, there = Linked({"client": [{"country": "DE"}]}), Linked({"client": [{"country": "FR"}]})
    change = kept(a_change(), linked={"r": here, "other": there})
    (only,) = judged(change, rule(when=ASKS_LINKS))
    assert only.first.awaits_links
    assert (only.final.matched, only.final.awaits_links) == (True, False)
    (not_here,) = judged(replace(change, linked={"r": there, "other": here}), rule(when=ASKS_LINKS))
    assert not not_here.final.matched


def test_linked_records_that_were_fetched_for_another_rule_will_do() -> None:
    change = kept(a_change(), linked={"other": Linked({"client": [{"country": "DE"}]})})
    (only,) = judged(change, rule(when=ASKS_LINKS))
    assert (only.final.matched, only.final.awaits_links) == (True, False)


def test_without_linked_records_it_stays_open() -> None:
    change = kept(a_change(), linked={"r": Linked({"owner": []})})
    (only,) = judged(change, rule(when=ASKS_LINKS))
    assert only.final.awaits_links


def test_only_the_rules_asked_for_are_judged_by() -> None:
    judge = Judge(KeptRules(rules=(rule(), rule("two")), timezones={}), only={"two"})
    assert list(judge.rules) == ["two"]
    assert [each.final.rule for each in judge.judge(kept(a_change()))] == ["two"]
