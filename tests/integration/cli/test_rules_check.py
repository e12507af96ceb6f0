"""`relay rules check` with and without a database: against which apps, what is said, how it ends."""

import json
from pathlib import Path

import pytest

from tests.fixtures.command import Relay
from tests.fixtures.database import Database
from tests.fixtures.simulator import RunningSimulator

RULE = "{name: urgent, account: main, app: Tasks, when: {priority: {contains_any: [Hihg]}}, run: [note]}"


@pytest.fixture
def configured(relay: Relay, simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch) -> Relay:
    """The command with a rule on an option that Tasks does not have, without a database."""
    write(RULE, simulator)
    monkeypatch.setenv("FUSIOO_TOKEN", simulator.token)
    monkeypatch.setenv("RELAY_PUBLIC_URL", "http://127.0.0.1:9")
    return relay


@pytest.fixture
def on_database(
    configured: Relay, database: Database, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> Relay:
    monkeypatch.setenv("DATABASE_URL", database.url)
    monkeypatch.setenv("REDIS_URL", redis_url)
    monkeypatch.setenv("RELAY_SECRET_KEY", "k" * 32)
    return configured


def write(rule: str, simulator: RunningSimulator) -> None:
    Path("relay.yaml").write_text(
        "version: 1\n"
        f'accounts: {{main: {{provider: fusioo, token: "${{FUSIOO_TOKEN}}", base_url: "{simulator.url}"}}}}\n'
        f"handlers: {{note: {{log: {{}}}}}}\nrules:\n  - {rule}\n"
    )


def test_without_a_database_the_file_is_checked_by_itself(configured: Relay) -> None:
    result = configured("rules", "check")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [
        "relay.yaml is right: 1 accounts, 1 handlers, 1 rules.",
        "Not checked against the apps: DATABASE_URL is not set, and no `relay up` is running.",
    ]


def test_a_database_that_does_not_answer_is_no_mistake(
    configured: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:9/none")
    result = configured("rules", "check")
    assert result.exit_code == 0
    assert "Not checked against the apps: the database does not answer" in result.stdout


def test_an_app_that_was_never_applied_is_no_mistake(on_database: Relay, simulator: RunningSimulator) -> None:
    result = on_database("rules", "check")
    assert result.exit_code == 0
    note = "App Tasks of account main was not checked: `relay webhooks apply` has not stored it yet"
    assert result.stdout.splitlines()[1:] == [f"{note} (rule urgent)."]
    assert simulator.state.calls == [], "the provider is not asked"


def test_a_rule_that_does_not_fit_its_app(on_database: Relay, simulator: RunningSimulator) -> None:
    assert on_database("webhooks", "apply").exit_code == 0
    simulator.state.calls.clear()
    result = on_database("rules", "check")
    assert (result.exit_code, result.stdout) == (1, "")
    known, mistake = result.stderr.splitlines()
    assert known.startswith("The apps are known as of 2")
    assert known.endswith("(UTC); `relay webhooks apply` asks for them anew.")
    assert mistake == (
        "relay: relay.yaml:5:80: Hihg is not one of the options of `priority` (did you mean `High`?)"
    )
    told = on_database("rules", "check", "--json")
    assert told.exit_code == 1
    ((problem),) = json.loads(told.stdout)["problems"]
    assert problem == {
        "place": "relay.yaml:5:80",
        "message": "Hihg is not one of the options of `priority`",
        "remedy": "did you mean `High`?",
    }
    assert simulator.state.calls == []

    write(RULE.replace("Hihg", "High"), simulator)
    assert on_database("rules", "check").exit_code == 0
    right = json.loads(on_database("rules", "check", "--json").stdout)
    assert (right["problems"], right["rules"], len(right["notes"])) == ([], 1, 1)


def test_an_app_that_the_token_sees_is_checked_before_it_is_applied(
    on_database: Relay, simulator: RunningSimulator
) -> None:
    assert on_database("webhooks", "apply").exit_code == 0
    write(RULE.replace("Tasks", "Clients").replace("priority", "nmae"), simulator)
    assert "app Clients has no field `nmae`" in on_database("rules", "check").stderr
    write("{name: all, account: main, app: Clients, run: [note]}", simulator)
    result = on_database("rules", "check")
    assert result.exit_code == 0
    assert (
        "App Clients of account main is not watched yet: run `relay webhooks apply` (rule all)."
        in result.stdout
    )
    write("{name: all, account: main, app: Cleints, run: [note]}", simulator)
    assert "sees no app of the id or exact name `Cleints` (did you mean `Clients`?)" in (
        on_database("rules", "check").stderr
    )


def test_a_field_that_only_a_template_names_is_looked_up_too(
    on_database: Relay, simulator: RunningSimulator
) -> None:
    assert on_database("webhooks", "apply").exit_code == 0
    file = Path("relay.yaml")
    write("{name: all, account: main, app: Tasks, run: [note]}", simulator)
    chat = 'http: {url: "https://chat.example", body: {text: "{{ record.titel }} {{ record.id }}"}}'
    file.write_text(file.read_text().replace("log: {}", chat))
    result = on_database("rules", "check")
    assert result.exit_code == 0
    note = "Handler note names `titel` for rule all: app Tasks has no field `titel`"
    assert f"{note} that the token may see (did you mean `title`?)." in result.stdout
    assert "`id`" not in result.stdout


def test_what_a_handler_writes_is_checked_too(on_database: Relay, simulator: RunningSimulator) -> None:
    assert on_database("webhooks", "apply").exit_code == 0
    write("{name: urgent, account: main, app: Tasks, run: [note]}", simulator)
    path = Path("relay.yaml")
    path.write_text(
        path.read_text().replace("log: {}", "fusioo.update: {account: main, fields: {status: Done}}")
    )
    result = on_database("rules", "check")
    assert result.exit_code == 1
    assert (
        "relay.yaml:3:67: `status` holds options of a list, in a list also where it is one" in result.stderr
    )


def test_a_file_that_is_wrong_by_itself_is_told_as_json_too(configured: Relay) -> None:
    Path("relay.yaml").write_text("version: 1\n")
    told = configured("rules", "check", "--json")
    assert told.exit_code == 1
    assert json.loads(told.stdout)["problems"] == [
        {"place": "relay.yaml:1:1", "message": "`accounts` is missing", "remedy": "add it"}
    ]
    Path("relay.yaml").unlink()
    (problem,) = json.loads(configured("rules", "check", "--json").stdout)["problems"]
    assert (problem["place"], problem["message"]) == ("relay.yaml", "there is no such file")
