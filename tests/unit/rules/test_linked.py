"""Conditions on linked records, before these are there and when they are."""

import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given

from service.changes.types import Change
from service.rules.kept_conditions import KeptConditions, linked_paths
from service.rules.linked import Linked
from service.rules.matcher import Matcher, Verdict
from service.rules.schema import Rule
from service.rules.when import When
from tests.fixtures.changes import a_change
from tests.fixtures.random_links import LINKED, RULES
from tests.fixtures.random_rules import CHANGES

BERLIN = ZoneInfo("Europe/Berlin")
GERMAN, FRENCH = {"id": "c1", "country": ["DE"], "size": 5}, {"id": "c2", "country": ["FR"], "size": 500}
NONE, BOTH = Linked({"client": []}), Linked({"client": [GERMAN, FRENCH]})


def verdict(when: dict[str, Any], linked: Linked | None = None, change: Change | None = None) -> Verdict:
    rule = Rule.model_validate(
        {"name": "r", "account": "main", "app": "ia4f42", "run": ["ops"], "when": when}
    )
    (only,) = Matcher([rule], {"main": BERLIN}).match(change or a_change(), {}, linked=linked)
    return only


@pytest.mark.parametrize(
    ("when", "linked", "reason"),
    [
        ({"client.country": {"equal": "DE"}}, BOTH, None),
        ({"client.country": {"equal": "ES"}}, BOTH, "saw [['DE'], ['FR']]"),
        ({"client.country": {"equal": "DE"}}, NONE, "(there are no linked records of client)"),
        ({"client.country": {"has_no_value": True}}, NONE, "(there are no linked records of client)"),
        ({"client.country": {"equal": "DE"}}, Linked(), "(there are no linked records of client)"),
        (
            {"client.country": {"equal": "DE"}},
            Linked({"client": []}, {"client": ["c8", "c9"]}),
            "(linked records of client were not to be had: c8, c9)",
        ),
        (
            {"client.country": {"equal": "DE"}},
            Linked({"client": [FRENCH]}, {"client": ["c8"]}),
            "saw [['FR']] (linked records of client were not to be had: c8)",
        ),
        ({"client.country": {"equal": "DE"}}, Linked({"client": [GERMAN]}, {"client": ["c8"]}), None),
        ({"client.size": {"greater_than": 100, "less_than": 1000}}, BOTH, None),
        ({"client.size": {"greater_than": 5, "less_than": 500}}, BOTH, "saw [5, 500]"),
        ({"client.country": {"equal": "DE"}, "client.size": {"less_than": 100}}, BOTH, None),
        ({"client.country": {"equal": "DE"}, "client.size": {"greater_than": 100}}, BOTH, "when.client: "),
        ({"all": [{"client.country": {"equal": "DE"}}, {"client.size": {"greater_than": 100}}]}, BOTH, None),
        ({"any": [{"client.country": {"equal": "ES"}}, {"status": {"equal": "Done"}}]}, BOTH, None),
        ({"any": [{"client.country": {"equal": "ES"}}, {"status": {"equal": "To do"}}]}, BOTH, "when.any: "),
        ({"not": {"client.country": {"equal": "ES"}}}, BOTH, None),
        ({"not": {"client.country": {"equal": "DE"}}}, BOTH, "when.not: "),
        ({"client.missing": {"has_no_value": True}}, BOTH, None),
        ({"client.owner.name": {"equal": "Lauren"}}, Linked({"client.owner": [{"name": "Lauren"}]}), None),
        ({"client.owner.name": {"equal": "Lauren"}}, BOTH, "(there are no linked records of client.owner)"),
    ],
)
def test_it_holds_if_one_linked_record_satisfies_all_that_is_asked_of_it(
    when: dict[str, Any], linked: Linked, reason: str | None
) -> None:
    found = verdict(when, linked)
    assert (found.matched, found.awaits_links) == (reason is None, False), found.reason
    assert reason is None or reason in found.reason


@pytest.mark.parametrize(
    ("when", "matched", "awaits"),
    [
        ({"client.country": {"equal": "DE"}}, True, True),
        ({"client.country": {"equal": "DE"}, "status": {"equal": "Done"}}, True, True),
        ({"client.country": {"equal": "DE"}, "status": {"equal": "To do"}}, False, False),
        ({"any": [{"client.country": {"equal": "DE"}}, {"status": {"equal": "Done"}}]}, True, False),
        ({"any": [{"client.country": {"equal": "DE"}}, {"status": {"equal": "To do"}}]}, True, True),
        ({"not": {"client.country": {"equal": "DE"}}}, True, True),
        ({"not": {"client.country": {"equal": "DE"}, "status": {"equal": "To do"}}}, True, False),
        (
            {"not": {"any": [{"client.country": {"equal": "DE"}}, {"status": {"equal": "Done"}}]}},
            False,
            False,
        ),
    ],
)
def test_what_can_be_known_without_linked_records_is_decided_without_them(
    when: dict[str, Any], matched: bool, awaits: bool
) -> None:
    found = verdict(when)
    assert (found.matched, found.awaits_links, found.decided_by is None) == (matched, awaits, matched)


def test_who_waits_says_for_what() -> None:
    assert verdict({"client.country": {"equal": "DE"}}).reason == (
        "when.client.country waits for the linked records of client"
    )


def test_several_fields_of_one_record_are_shown_together() -> None:
    found = verdict({"client.country": {"equal": "DE"}, "client.size": {"greater_than": 100}}, BOTH)
    (clause,) = found.clauses
    assert clause.path == found.decided_by == "when.client"
    assert clause.expected == {"country": {"equal": "DE"}, "size": {"greater_than": 100}}
    assert clause.seen == [{"country": ["DE"], "size": 5}, {"country": ["FR"], "size": 500}]
    assert [(each.path, each.ok) for each in clause.inner] == [
        ("when.client.0.country.equal", True),
        ("when.client.0.size.greater_than", False),
        ("when.client.1.country.equal", False),
        ("when.client.1.size.greater_than", True),
    ]


def test_a_field_that_the_record_has_by_this_id_is_no_link() -> None:
    change = a_change(record={"id": "i1", "client.country": "DE"})
    assert not verdict({"client.country": {"equal": "DE"}}, None, change).awaits_links
    assert verdict({"client.country": {"equal": "DE"}}, BOTH, change).clauses[0].seen == "DE"


def test_links_are_found_wherever_they_are_asked_for() -> None:
    when = When.model_validate(
        {
            "client.country": {"equal": "DE"},
            "any": [{"client.owner.name": {"equal": "x"}}, {"status": {"equal": "Done"}}],
            "not": {"all": [{"parent.client.size": {"equal": 1}}, {"client.size": {"equal": 1}}]},
        }
    )
    assert set(linked_paths(when)) == {"client", "client.owner", "parent.client"}
    assert linked_paths(None) == linked_paths(When.model_validate({"a": {"equal": 1}})) == ()


def kept(when: When) -> KeptConditions:
    """Conditions as the database gives them back."""
    return KeptConditions.model_validate(json.loads(json.dumps(KeptConditions.of(when, BERLIN).written())))


def test_days_are_those_of_the_account_also_when_links_are_judged_later() -> None:
    when = When.model_validate({"client.due": {"is_today": True}})
    late = a_change(created_at=datetime(2024, 9, 30, 22, 30, tzinfo=UTC))
    in_berlin_tomorrow = Linked({"client": [{"due": "2024-10-01"}]})
    assert kept(when).first_miss(late, in_berlin_tomorrow) is None
    assert KeptConditions.of(when, UTC).first_miss(late, in_berlin_tomorrow) is not None


def test_conditions_of_a_record_that_is_not_known_can_not_be_judged() -> None:
    with pytest.raises(ValueError, match="last state is unknown"):
        kept(When.model_validate({"a": {"equal": 1}})).first_miss(a_change(record=None), BOTH)


@given(RULES, CHANGES, LINKED)
def test_two_steps_say_what_one_would_have_said(rule: Rule, change: Change, linked: Linked) -> None:
    matcher = Matcher([rule], {"main": BERLIN})
    (first,), (at_once,) = matcher.match(change, {}), matcher.match(change, {}, linked=linked)
    assert not at_once.awaits_links
    if not first.awaits_links:
        assert first.matched == at_once.matched
        return
    assert rule.when is not None
    failed = kept(rule.when).first_miss(change, linked)
    assert at_once.matched == (failed is None)
    assert at_once.decided_by == (failed and failed.path)
    assert failed is None or str(failed) == at_once.reason


@given(RULES, CHANGES, LINKED)
def test_what_was_decided_early_is_judged_alike_again(rule: Rule, change: Change, linked: Linked) -> None:
    """Its runs wait for its links all the same, for its handlers get them."""
    (first,) = Matcher([rule], {"main": BERLIN}).match(change, {})
    if first.matched and not first.awaits_links:
        assert rule.when is not None
        assert kept(rule.when).first_miss(change, linked) is None
