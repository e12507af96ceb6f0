"""What the pipeline needs of the rules."""

from datetime import UTC
from zoneinfo import ZoneInfo

from service.pipeline.rulebook import Rulebook
from tests.fixtures.pipeline import ACCOUNT, APP, rule


def test_what_conditions_ask_about_is_fetched_beside_what_handlers_want() -> None:
    rules = [
        rule("plain", when={"a": {"equal": 1}}),
        rule("showing", expand=["client.owner"]),
        rule("asking", expand=["parent"], when={"client.owner.name": {"equal": "x"}}),
    ]
    book = Rulebook.of(rules, ordered={}, digest="d", timezones={ACCOUNT: ZoneInfo("Europe/Berlin")})
    assert book.expand == {
        "showing": ("client", "client.owner"),
        "asking": ("parent", "client", "client.owner"),
    }
    assert book.conditions == {
        "asking": {"when": {"client.owner.name": {"equal": "x"}}, "timezone": "Europe/Berlin"}
    }


def test_without_a_zone_days_are_those_of_utc() -> None:
    book = Rulebook.of([rule(when={"a.b": {"is_today": True}})], ordered={}, digest="d", timezones={})
    assert book.conditions["all"]["timezone"] == str(UTC)


def test_an_app_is_known_by_its_id_and_its_name() -> None:
    rules = [
        rule("by-id", unchanged=True),
        rule("by-name", app="Notes", unchanged=True),
        rule("not", app="x"),
    ]
    book = Rulebook.of(rules, ordered={}, digest="d", timezones={})
    assert book.tells_unchanged(ACCOUNT, APP, "Tasks")
    assert book.tells_unchanged(ACCOUNT, "inotes", "Notes")
    assert not book.tells_unchanged("other", APP, "Notes")
    assert not book.tells_unchanged(ACCOUNT, "x", "X")
