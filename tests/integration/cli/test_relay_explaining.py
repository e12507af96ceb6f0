"""`relay changes explain`, `relay rules test|backtest`, on changes that a pipeline stored."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from service.rulebooks.repository import store_rulebook
from service.rules.keeping import KeptRules
from service.rules.loader import parse
from tests.fixtures.command import Relay
from tests.fixtures.database import Database
from tests.fixtures.pipeline import Pipeline

RULES = """
version: 1
accounts:
  main: {provider: fusioo, token: secret-token-of-a-test, timezone: Europe/Berlin}
handlers:
  ops: {log: {}}
rules:
  - name: high
    account: main
    app: ia4f42
    when: {any: [{priority: {equal: High}}, {rev: {greater_than: LIMIT}}]}
    run: [ops]
  - {name: elsewhere, account: main, app: i502fb, run: [ops]}
""".replace("secret-token-of-a-test", '"${FUSIOO_TOKEN}"')
ENVIRONMENT = {"FUSIOO_TOKEN": "none"}


def written(limit: int) -> str:
    return RULES.replace("LIMIT", str(limit))


@pytest.fixture
async def stored(engine: AsyncEngine, database: Database) -> dict[int, UUID]:
    """The first two changes of a record, of which the rules match the second; their ids by version."""
    rules = KeptRules.of(parse(written(1), "relay.yaml", ENVIRONMENT))
    pipeline = Pipeline(engine, database, rules=rules.rules)
    async with engine.begin() as connection:
        await store_rulebook(connection, "digest", rules)
    for rev in (1, 2):
        pipeline.provider.truth = {"r1": {"id": "r1", "rev": rev}}
        pipeline.deliver("r1")
        await pipeline.drain()
    return dict(database.execute("SELECT version, id FROM changes"))


@pytest.fixture
def on_rules(
    relay: Relay, database: Database, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Relay:
    """The command, with the rules by which the changes were judged."""
    monkeypatch.setenv("DATABASE_URL", database.url)
    monkeypatch.setenv("REDIS_URL", redis_url)
    monkeypatch.setenv("RELAY_SECRET_KEY", "k" * 32)
    monkeypatch.setenv("FUSIOO_TOKEN", "none")
    (tmp_path / "relay.yaml").write_text(written(1))
    (tmp_path / "stricter.yaml").write_text(written(2))
    return relay


def asked(relay: Relay, *arguments: str, code: int = 0) -> Any:
    result = relay(*arguments, "--json")
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


def test_a_change_is_explained_clause_by_clause(on_rules: Relay, stored: dict[int, UUID]) -> None:
    result = on_rules("changes", "explain", str(stored[2]))
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[0] == "update of record r1 in app ia4f42 of account main"
    assert "  rev: 1 -> 2" in lines
    assert "  high matches: its clause holds" in lines
    assert "    yes when.any: at least one of them" in lines
    assert "      no  when.any.0.priority.equal: expected 'High', saw null" in lines
    assert "      yes when.any.1.rev.greater_than: expected 1, saw 2" in lines
    assert "  and 1 for other apps" in lines
    assert any(line.startswith("  high -> ops: done (") for line in lines)


def test_an_explanation_is_json_too(on_rules: Relay, stored: dict[int, UUID]) -> None:
    found = asked(on_rules, "changes", "explain", str(stored[1]))
    (high,) = found["rules"]
    assert (high["standing"], high["decided_by"], high["differs"]) == ("does not match", "when.any", False)
    assert [each["ok"] for each in high["clauses"][0]["inner"]] == [False, False]
    assert found["runs"] == []
    assert found["merge"]["deliveries"] == 1


def test_what_a_rule_missed_is_listed_with_what_decided(on_rules: Relay, stored: dict[int, UUID]) -> None:
    (missed,) = asked(on_rules, "changes", "list", "--rule", "high", "--missed")
    assert (missed["id"], missed["decided_by"]) == (str(stored[1]), "when.any")
    (matched,) = asked(on_rules, "changes", "list", "--rule", "high")
    assert (matched["id"], matched["decided_by"]) == (str(stored[2]), None)
    assert asked(on_rules, "changes", "list", "--rule", "elsewhere", "--missed") == []
    assert on_rules("changes", "list", "--missed").exit_code == 2


def test_a_delivery_says_where_its_story_goes_on(on_rules: Relay, stored: dict[int, UUID]) -> None:
    (newest, *_) = asked(on_rules, "deliveries", "list")
    told = on_rules("deliveries", "show", str(newest["id"])).stdout
    assert f"relay changes explain {stored[2]}" in told


def test_rules_are_tried_on_a_stored_change(on_rules: Relay, stored: dict[int, UUID]) -> None:
    change = ("rules", "test", "--change", str(stored[2]))
    (high,) = asked(on_rules, *change, "--expect", "high")
    assert (high["standing"], high["would_run"]) == ("matches", ["ops"])
    told = on_rules(*change).stdout.splitlines()
    assert told[0] == "high matches: its clause holds; would run ops"
    other = on_rules("rules", "test", "--change", str(stored[1])).stdout.splitlines()
    assert other[0] == "high does not match: decided by when.any"
    (stricter,) = asked(on_rules, *change, "--rules", "stricter.yaml", "--expect-not", "high")
    assert (stricter["standing"], stricter["would_run"]) == ("does not match", [])


def test_what_is_shown_of_a_change_can_be_tried_without_a_database(
    on_rules: Relay, stored: dict[int, UUID], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = on_rules("changes", "show", str(stored[2]), "--json").stdout
    (tmp_path / "change.json").write_text(shown)
    for name in ("DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(name)
    (high,) = asked(on_rules, "rules", "test", "--change", "change.json")
    assert high["standing"] == "matches"


def test_an_expectation_that_is_not_met_exits_1(on_rules: Relay, stored: dict[int, UUID]) -> None:
    result = on_rules("rules", "test", "--change", str(stored[1]), "--expect", "high")
    assert result.exit_code == 1
    assert result.stderr == "relay: rule high was expected to match, and does not\n"
    result = on_rules("rules", "test", "--change", str(stored[2]), "--expect-not", "high")
    assert result.exit_code == 1
    assert result.stderr == "relay: rule high was expected not to match, and does\n"
    result = on_rules("rules", "test", "--change", str(stored[2]), "--expect", "hihg")
    assert result.exit_code == 1
    assert "there is no rule hihg; did you mean `high`?" in result.stderr


def test_a_file_that_is_none_says_so(on_rules: Relay, tmp_path: Path) -> None:
    result = on_rules("rules", "test", "--change", "nothing.json")
    assert result.exit_code == 1
    assert "nothing.json is no change's id, and can't be read as a file" in result.stderr
    (tmp_path / "odd.json").write_text("{")
    assert "odd.json: is not JSON" in on_rules("rules", "test", "--change", "odd.json").stderr


def test_the_same_rules_show_no_difference_from_history(on_rules: Relay, stored: dict[int, UUID]) -> None:
    report = asked(on_rules, "rules", "backtest", "--exit-code")
    assert (report["changes"], report["differs"]) == (len(stored), False)
    high, elsewhere = report["rules"]
    assert (high["rule"], high["fired_then"], high["fires_now"]) == ("high", 1, 1)
    assert (elsewhere["rule"], elsewhere["fired_then"], elsewhere["fires_now"]) == ("elsewhere", 0, 0)


def test_other_rules_are_told_from_history_with_examples(
    on_rules: Relay, stored: dict[int, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RELAY_CONFIG", "stricter.yaml")
    result = on_rules("rules", "backtest", "--exit-code", "--since", "1h")
    assert result.exit_code == 1
    assert result.stderr == "", "a bar is for terminals"
    assert "high fires no longer, 1 times, for example:" in result.stdout
    assert f"{stored[2]}  record r1  when.any: " in result.stdout


def test_another_file_is_compared_with(on_rules: Relay, stored: dict[int, UUID]) -> None:
    report = asked(on_rules, "rules", "backtest", "--against", "stricter.yaml", "--exit-code", code=1)
    (high, _) = report["rules"]
    assert (high["fired_then"], high["fires_now"], high["newly"]) == (0, 1, 1)
    (example,) = high["newly_examples"]
    assert (example["change_id"], example["decided_by"]) == (str(stored[2]), "when.any")


def test_only_the_stretch_rules_and_apps_asked_for_count(on_rules: Relay, stored: dict[int, UUID]) -> None:
    assert stored
    assert asked(on_rules, "rules", "backtest", "--until", "2026-01-01")["changes"] == 0
    (only,) = asked(on_rules, "rules", "backtest", "--rule", "elsewhere")["rules"]
    assert only["rule"] == "elsewhere"
    assert on_rules("rules", "backtest", "--app", "nowhere").exit_code == 1
    assert on_rules("rules", "backtest", "--since", "last week").exit_code == 2
