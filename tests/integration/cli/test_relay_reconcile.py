"""`relay reconcile`: a round at once, in the foreground, and what it found."""

import json
from pathlib import Path

import pytest

from service.dev.simulators.fusioo.example_apps import CLIENTS_ID, TASKS_ID
from tests.fixtures.command import Relay
from tests.fixtures.database import Database
from tests.fixtures.reconciling import PERSON
from tests.fixtures.simulator import RunningSimulator


@pytest.fixture
def applied(
    relay: Relay, database: Database, simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> Relay:
    """Two apps with webhooks; the account `other` is refused."""
    for name, value in {
        "DATABASE_URL": database.url,
        "RELAY_SECRET_KEY": "k" * 32,
        "RELAY_PUBLIC_URL": "http://127.0.0.1:9/base",
        "FUSIOO_TOKEN": simulator.token,
        "OTHER_TOKEN": "wrong",
    }.items():
        monkeypatch.setenv(name, value)
    Path("relay.yaml").write_text(
        "version: 1\n"
        "accounts:\n"
        f'  main: {{provider: fusioo, token: "${{FUSIOO_TOKEN}}", base_url: "{simulator.url}"}}\n'
        f'  other: {{provider: fusioo, token: "${{OTHER_TOKEN}}", base_url: "{simulator.url}"}}\n'
        "handlers: {note: {log: {}}}\n"
        "rules:\n"
        "  - {name: r0, account: main, app: Tasks, run: [note]}\n"
        "  - {name: r1, account: main, app: Clients, run: [note]}\n"
        "  - {name: r2, account: other, app: Tasks, run: [note]}\n"
    )
    assert relay("webhooks", "apply", "--account", "main").exit_code == 0
    return relay


def test_it_says_what_it_found(applied: Relay, simulator: RunningSimulator, database: Database) -> None:
    assert applied("reconcile", "main").exit_code == 0
    made = simulator.state.records.create(TASKS_ID, {"title": "Made"}, person=PERSON, told=False)
    result = applied("reconcile", "main", "Tasks", "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    (told,) = json.loads(result.stdout)
    assert (told["app_name"], told["noticed"], told["calls"], told["failures"]) == ("Tasks", 1, 2, 0)
    assert told["api_count"] == simulator.state.records.count(TASKS_ID)
    assert database.execute("SELECT record_id, origin FROM deliveries") == [(made.id, "reconcile")]


def test_people_see_a_table(applied: Relay) -> None:
    result = applied("reconcile", "main")
    assert "NOTICED" in result.stdout
    assert {line.split()[1] for line in result.stdout.splitlines()[1:]} == {"Tasks", "Clients"}


def test_an_app_that_no_rule_names_is_refused(applied: Relay) -> None:
    result = applied("reconcile", "main", "Nothing")
    assert result.exit_code == 1
    assert "no rule names an app 'Nothing' that was applied" in result.stderr


def test_an_account_in_trouble_keeps_no_other_from_its_round(applied: Relay, database: Database) -> None:
    database.execute("INSERT INTO apps (account, app_id, name, schema) VALUES ('other', 'x', 'Tasks', '{}')")
    result = applied("reconcile", "--json")
    assert result.exit_code == 1
    assert "10003" in result.stderr
    assert {each["app_id"] for each in json.loads(result.stdout) if not each["failures"]} == {
        TASKS_ID,
        CLIENTS_ID,
    }


def test_without_an_applied_app_it_says_what_to_do(applied: Relay, database: Database) -> None:
    database.execute("DELETE FROM apps")
    result = applied("reconcile")
    assert (result.exit_code, result.stdout.strip()[:22]) == (0, "No app to reconcile: n")
