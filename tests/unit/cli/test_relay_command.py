"""The command line without services: parsing, errors as one line, exit codes, what a command loads."""

import subprocess
import sys
from pathlib import Path

import pytest

from service.cli.edge import explain
from service.dev.up.attachment import attachable
from service.errors import ConfigurationError, RefusedError
from tests.fixtures.command import Relay

RIGHT = """\
version: 1
accounts:
  main: {provider: fusioo, token: "${RELAY_TEST_TOKEN}"}
handlers:
  note: {log: {}}
rules:
  - {name: all, account: main, app: Tasks, run: [note]}
"""


def test_help_lists_the_commands(relay: Relay) -> None:
    result = relay("--help")
    assert result.exit_code == 0
    for command in (
        "up",
        "web",
        "worker",
        "scheduler",
        "migrate",
        "init",
        "apps",
        "doctor",
        "webhooks",
        "rules",
        "runs",
        "simulate",
    ):
        assert f"\n  {command} " in result.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["unknown"],
        ["runs", "unknown"],
        ["runs", "list", "--status", "asleep"],
        ["runs", "list", "--limit", "0"],
        ["runs", "retry"],
        ["runs", "retry", "no-uuid"],
        ["deliveries", "show", "one"],
        ["changes", "list", "--kind", "rename"],
        ["web", "--processes", "0"],
        ["simulate", "fusioo", "--port", "70000"],
    ],
)
def test_wrong_use_exits_2(relay: Relay, arguments: list[str]) -> None:
    result = relay(*arguments)
    assert result.exit_code == 2
    assert "Usage:" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["web"],
        ["worker"],
        ["scheduler"],
        ["migrate"],
        ["webhooks", "list"],
        ["webhooks", "apply"],
        ["deliveries", "list"],
        ["changes", "list"],
        ["runs", "list"],
    ],
)
def test_without_services_it_says_how_to_get_them(relay: Relay, arguments: list[str]) -> None:
    result = relay(*arguments)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith(
        "relay: environment: DATABASE_URL is not set, and no `relay up` is running"
    )
    assert result.stderr.count("\n") == 1


def test_a_database_needs_a_secret_key(relay: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@localhost/none")
    result = relay("runs", "list")
    assert result.exit_code == 1
    assert "RELAY_SECRET_KEY is not set" in result.stderr
    assert "openssl rand" in result.stderr


def test_a_process_needs_a_queue(relay: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@localhost/none")
    monkeypatch.setenv("RELAY_SECRET_KEY", "k" * 32)
    assert "REDIS_URL is not set" in relay("worker").stderr


def test_wrong_settings_are_named_without_their_value(relay: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELAY_SECRET_KEY", "too-short-a-key")
    result = relay("rules", "check")
    assert result.exit_code == 1
    assert "RELAY_SECRET_KEY" in result.stderr
    assert "too-short-a-key" not in result.stderr


def test_debug_shows_the_traceback(relay: Relay) -> None:
    assert isinstance(relay("--debug", "runs", "list").exception, ConfigurationError)
    assert isinstance(relay("runs", "list").exception, SystemExit)


@pytest.fixture(autouse=True)
def _token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELAY_TEST_TOKEN", "a-token")


def test_right_rules_are_counted(relay: Relay, tmp_path: Path) -> None:
    (tmp_path / "relay.yaml").write_text(RIGHT)
    result = relay("rules", "check")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines()[0] == "relay.yaml is right: 1 accounts, 1 handlers, 1 rules."


def test_every_mistake_in_the_rules_is_a_line_with_its_place(relay: Relay, tmp_path: Path) -> None:
    wrong = RIGHT.replace("run: [note]", "run: [nota]").replace("_TOKEN}", "_TOKN}")
    (tmp_path / "relay.yaml").write_text(wrong)
    result = relay("rules", "check")
    assert result.exit_code == 1
    lines = result.stderr.splitlines()
    assert [line.split(": ")[1] for line in lines] == ["relay.yaml:3:35", "relay.yaml:7:50"]
    assert "note" in lines[1]


def test_variables_of_a_running_relay_up_count_too(
    relay: Relay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "relay.yaml").write_text(RIGHT)
    monkeypatch.delenv("RELAY_TEST_TOKEN")
    assert "RELAY_TEST_TOKEN is not set" in relay("rules", "check").stderr
    (tmp_path / "data").mkdir()
    with attachable(tmp_path / "data", {"RELAY_TEST_TOKEN": "another"}):
        assert relay("rules", "check").exit_code == 0


def test_options_of_handlers_are_checked(relay: Relay, tmp_path: Path) -> None:
    (tmp_path / "relay.yaml").write_text(RIGHT.replace("{log: {}}", "{log: {levl: info}}"))
    result = relay("rules", "check")
    assert result.exit_code == 1
    assert "relay.yaml:5:16" in result.stderr


def test_no_rules_at_all_names_init(relay: Relay) -> None:
    result = relay("rules", "check")
    assert result.exit_code == 1
    assert "relay init" in result.stderr


def test_doctor_without_anything_says_what_to_do(relay: Relay) -> None:
    result = relay("doctor")
    assert result.exit_code == 1
    assert result.stdout.startswith("FAIL  environment")
    assert "start `relay up`" in result.stdout


def test_unexpected_errors_are_one_line() -> None:
    assert explain(ZeroDivisionError("first\nsecond")) == "ZeroDivisionError: first (--debug shows where)"
    assert explain(RefusedError("no")) == "no"


def test_help_loads_no_database_driver() -> None:
    code = (
        "import sys, service.cli.main;"
        "heavy = {'sqlalchemy', 'psycopg', 'dramatiq', 'starlette', 'uvicorn', 'httpx2', 'alembic'};"
        "print(','.join(sorted(heavy & set(sys.modules))))"
    )
    arguments = [sys.executable, "-c", code]
    done = subprocess.run(arguments, capture_output=True, text=True, check=True)  # noqa: S603  our own words
    assert done.stdout == "\n"
