"""What templates read is looked up in the apps of the rules that run them."""

import pytest

from service.rules.known_fields import AccountApps
from service.rules.template_fields import fields_not_there
from tests.fixtures.known_apps import KNOWN, configured


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        (
            {"titel", "title"},
            "`titel` for rule r: app Tasks has no field `titel` that the token may see (did you mean `title`",
        ),
        (
            {"Due date"},
            "`Due date` for rule r: `Due date` is the name of a field of Tasks, and rules name fields by ids",
        ),
    ],
)
def test_what_an_app_lacks_is_said_with_what_comes_close(fields: set[str], told: str) -> None:
    rules = configured("").rules
    (said,) = fields_not_there(rules, {"main": KNOWN}, {"ops": fields})
    assert said.startswith(f"handler ops names {told}")


def test_of_what_is_there_nothing_is_said() -> None:
    reads = {"ops": {"title", "status", "odd.id"}}
    assert list(fields_not_there(configured("").rules, {"main": KNOWN}, reads)) == []


def test_only_what_the_rules_own_handlers_read() -> None:
    assert list(fields_not_there(configured("").rules, {"main": KNOWN}, {"other": {"titel"}})) == []


@pytest.mark.parametrize("known", [{}, {"main": AccountApps()}])
def test_of_an_app_that_is_not_known_nothing_is_said(known: dict[str, AccountApps]) -> None:
    assert list(fields_not_there(configured("").rules, known, {"ops": {"titel"}})) == []
