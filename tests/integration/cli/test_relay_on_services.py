"""Commands on a real database, a real queue and the simulator."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from service.db.migrating import head_revision
from service.lifecycle import RunStatus
from service.sealing import SecretBox
from tests.fixtures.command import Relay
from tests.fixtures.database import Database
from tests.fixtures.rows import Rows
from tests.fixtures.simulator import RunningSimulator

KEY = "k" * 32
DEAD, DONE = RunStatus.DEAD, RunStatus.DONE

Asked = Callable[..., Any]


@pytest.fixture
def rows(database: Database) -> Rows:
    return Rows(database)


@pytest.fixture
def on_database(relay: Relay, database: Database, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Relay:
    """The command with the settings of an installation."""
    monkeypatch.setenv("DATABASE_URL", database.url)
    monkeypatch.setenv("REDIS_URL", redis_url)
    monkeypatch.setenv("RELAY_SECRET_KEY", KEY)
    return relay


@pytest.fixture
def asked(on_database: Relay) -> Asked:
    """Run a command that must succeed, with `--json`; gives what it prints."""

    def ask(*arguments: str) -> Any:
        result = on_database(*arguments, "--json")
        assert (result.exit_code, result.stderr) == (0, "")
        return json.loads(result.stdout)

    return ask


@pytest.fixture
def configured(
    on_database: Relay, simulator: RunningSimulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Relay:
    """The command with a relay.yaml for the simulator."""
    (tmp_path / "relay.yaml").write_text(
        "version: 1\n"
        "accounts:\n"
        f'  main: {{provider: fusioo, token: "${{FUSIOO_TOKEN}}", base_url: "{simulator.url}"}}\n'
        f'  broken: {{provider: fusioo, token: "${{WRONG_TOKEN}}", base_url: "{simulator.url}"}}\n'
        "handlers: {note: {log: {}}}\n"
        "rules:\n"
        "  - {name: tasks, account: main, app: Tasks, run: [note]}\n"
        "  - {name: clients, account: broken, app: Clients, run: [note]}\n"
    )
    monkeypatch.setenv("RELAY_PUBLIC_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("FUSIOO_TOKEN", simulator.token)
    monkeypatch.setenv("WRONG_TOKEN", "wrong")
    return on_database


@pytest.mark.parametrize("noun", ["webhooks", "deliveries", "changes", "runs", "alarms"])
def test_empty_listings_say_what_to_do(on_database: Relay, asked: Asked, noun: str) -> None:
    result = on_database(noun, "list")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("No such ")
    assert "`relay " in result.stdout
    assert asked(noun, "list") == []


def test_deliveries(on_database: Relay, asked: Asked, rows: Rows) -> None:
    first, second = rows.delivery(body=b'{"id": "r1"}'), rows.delivery("r2", status="pending", body=b"\xff")
    assert [each["id"] for each in asked("deliveries", "list")] == [second, first]
    assert [each["id"] for each in asked("deliveries", "list", "--limit", "1")] == [second]
    assert [each["id"] for each in asked("deliveries", "list", "--status", "settled")] == [first]
    assert [each["id"] for each in asked("deliveries", "list", "--record", "r2")] == [second]
    assert asked("deliveries", "list", "--account", "other") == []
    shown = asked("deliveries", "show", str(first))
    assert shown["body"] == '{"id": "r1"}'
    assert shown["received_at"].endswith("Z")
    assert asked("deliveries", "show", str(second))["body"] == "�"
    assert "r2" in on_database("deliveries", "list").stdout


def test_the_body_of_a_request_is_shown_with_each_of_its_deliveries(
    asked: Asked, rows: Rows, database: Database
) -> None:
    first, other, second = rows.delivery(body=b"[1, 2]"), rows.delivery(), rows.delivery()
    database.execute(
        "UPDATE deliveries SET position = 1, body = NULL, request_id ="
        " (SELECT request_id FROM deliveries WHERE id = %s) WHERE id = %s",
        (first, second),
    )
    assert asked("deliveries", "show", str(second))["body"] == "[1, 2]"
    assert asked("deliveries", "show", str(other))["body"] == "{}"


def test_changes(on_database: Relay, asked: Asked, rows: Rows) -> None:
    first = rows.change(kind="create")
    second = rows.change("r2", diff='{"status": ["Open", "Done"]}')
    assert [each["id"] for each in asked("changes", "list")] == [str(second), str(first)]
    assert [each["id"] for each in asked("changes", "list", "--kind", "create")] == [str(first)]
    assert asked("changes", "list", "--record", "r2")[0]["diff"] == {
        "status": {"before": "Open", "after": "Done"}
    }
    shown = asked("changes", "show", str(first))
    assert (shown["diff"], shown["record"]) == (None, {"id": "r1"})
    assert "status" in on_database("changes", "list").stdout


def test_runs(on_database: Relay, asked: Asked, rows: Rows, database: Database) -> None:
    first, second = rows.run(DEAD, attempts=9), rows.run(RunStatus.RUNNING, record="r2", handler="mirror")
    assert [each["id"] for each in asked("runs", "list")] == [str(second), str(first)]
    assert [each["id"] for each in asked("runs", "list", "--status", "dead")] == [str(first)]
    assert [each["id"] for each in asked("runs", "list", "--handler", "mirror")] == [str(second)]
    ((change,),) = database.execute("SELECT change_id FROM runs WHERE id = %s", (first,))
    assert [each["id"] for each in asked("runs", "list", "--change", str(change))] == [str(first)]
    tries = asked("runs", "show", str(second))["tries"]
    assert [(each["number"], each["outcome"]) for each in tries] == [(1, None)]
    assert str(first) in on_database("runs", "list").stdout


@pytest.mark.parametrize(
    "arguments",
    [["deliveries", "show", "7"], *([noun, "show", str(UUID(int=7))] for noun in ("changes", "runs"))],
)
def test_what_is_not_there_is_named(on_database: Relay, arguments: list[str]) -> None:
    result = on_database(*arguments)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"relay: there is no {arguments[0].removesuffix('s').replace('ie', 'y')}")


def test_an_unknown_app_is_an_error(on_database: Relay) -> None:
    result = on_database("runs", "list", "--app", "Taks")
    assert (result.exit_code, result.stderr.startswith("relay: no app Taks is known")) == (1, True)


def test_retry_and_discard(on_database: Relay, rows: Rows) -> None:
    dead, other = rows.run(DEAD), rows.run(DEAD, record="r2")
    result = on_database("runs", "retry", str(dead))
    assert (result.exit_code, result.stdout) == (0, f"{dead} is ready\n")
    assert on_database("runs", "discard", str(other)).exit_code == 0
    assert (rows.status(dead), rows.status(other)) == ("ready", "discarded")


def test_one_refused_run_stops_no_other(on_database: Relay, rows: Rows) -> None:
    old, new, alone = rows.run(DEAD), rows.run(DONE), rows.run(DEAD, record="r2")
    result = on_database("runs", "retry", str(old), str(uuid4()), str(alone))
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 2
    assert str(new) in result.stderr
    assert (rows.status(old), rows.status(alone)) == ("dead", "ready")
    assert on_database("runs", "retry", str(old), "--out-of-order").exit_code == 0
    assert rows.status(old) == "ready"


def test_webhooks_are_applied_and_listed(
    configured: Relay, asked: Asked, database: Database, simulator: RunningSimulator
) -> None:
    result = configured("webhooks", "apply", "--account", "main")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.count(": created\n") == 3
    assert {each["step"] for each in asked("webhooks", "apply", "--account", "main")} == {"keep"}
    listed = asked("webhooks", "list", "--app", "Tasks")
    assert [(each["kind"], each["status"]) for each in listed] == [
        ("create", "active"),
        ("delete", "active"),
        ("update", "active"),
    ]
    assert {each["url"] for each in listed} == {each.url for each in simulator.state.webhooks.values()}
    sealed = database.execute("SELECT sealed FROM registration_secrets")
    assert {SecretBox(KEY).open(bytes(each)) for (each,) in sealed} == {
        webhook.secret for webhook in simulator.state.webhooks.values()
    }


def test_a_broken_account_stops_no_other(configured: Relay, simulator: RunningSimulator) -> None:
    result = configured("webhooks", "apply")
    assert result.exit_code == 1
    assert result.stdout.count(": created\n") == 3
    assert result.stderr.startswith("relay: ")
    assert "wrong" not in result.stderr
    assert len(simulator.state.webhooks) == 3


def test_webhooks_need_a_public_url(configured: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RELAY_PUBLIC_URL")
    result = configured("webhooks", "apply")
    assert (result.exit_code, "RELAY_PUBLIC_URL is not set" in result.stderr) == (1, True)


def test_doctor(configured: Relay, simulator: RunningSimulator) -> None:
    result = configured("doctor", "--json")
    assert result.exit_code == 1
    found = {each["check"]: each for each in json.loads(result.stdout)}
    assert {check for check, each in found.items() if not each["ok"]} == {
        "token of broken",
        "webhooks of main",
        "webhooks of broken",
    }
    assert head_revision() in found["database"]["message"]
    assert "run `relay webhooks apply`" in found["webhooks of main"]["message"]
    configured("webhooks", "apply")
    lines = configured("doctor").stdout.splitlines()
    assert next(line for line in lines if "webhooks of main" in line).startswith("ok ")
    assert simulator.state.calls_in_window() > 0


def test_every_command_counts_its_calls(
    configured: Relay, simulator: RunningSimulator, database: Database
) -> None:
    configured("apps", "--account", "main")
    configured("webhooks", "apply", "--account", "main")
    made = dict(database.execute("SELECT lane, count(*) FROM calls WHERE account = 'main' GROUP BY lane"))
    assert made.keys() == {"people", "registrations"}
    assert sum(made.values()) == simulator.state.calls_in_window()
    found = {each["check"]: each for each in json.loads(configured("doctor", "--json").stdout)}
    assert (
        f"people {made['people']}, registrations {made['registrations']}"
        in found["budget of main"]["message"]
    )


def test_doctor_tells_of_a_refused_call(configured: Relay, database: Database) -> None:
    database.execute(
        "INSERT INTO blocks (account, blocked_until, seconds) VALUES ('main', now() + interval '1 min', 60)"
    )
    found = {each["check"]: each for each in json.loads(configured("doctor", "--json").stdout)}
    assert (found["budget of main"]["ok"], found["budget of broken"]["ok"]) == (False, True)
    assert "who else makes calls" in found["budget of main"]["message"]


def test_doctor_without_its_services(
    configured: Relay, empty_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", empty_database.url)
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:9/0")
    result = configured("doctor")
    assert result.exit_code == 1
    assert "its schema is missing" in result.stdout
    assert "check REDIS_URL" in result.stdout


def test_migrate(on_database: Relay, empty_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", empty_database.url)
    assert "run `relay migrate`" in on_database("runs", "list").stderr
    first = on_database("migrate")
    assert (first.exit_code, first.stderr) == (0, "")
    assert first.stdout == f"The schema went from nothing to {head_revision()}.\n"
    assert on_database("migrate").stdout == f"The schema is current ({head_revision()}).\n"
    assert on_database("runs", "list").exit_code == 0


def test_a_database_that_is_away_is_one_line(on_database: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody:secret-word@127.0.0.1:9/none")
    for arguments in (["runs", "list"], ["migrate"]):
        result = on_database(*arguments)
        assert result.exit_code == 1
        assert result.stderr.startswith("relay: the database does not answer: ")
        assert result.stderr.count("\n") == 1
        assert "secret-word" not in result.stderr
