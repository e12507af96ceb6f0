"""`relay apps` against a simulated Fusioo."""

import json
from pathlib import Path

import pytest

from tests.fixtures.command import Relay
from tests.fixtures.database import Database
from tests.fixtures.simulator import RunningSimulator

ONE = 'version: 1\naccounts:\n  main: {provider: fusioo, token: "${FUSIOO_TOKEN}", base_url: "${URL}"}\n'
OTHER = '  other: {provider: fusioo, token: "${FUSIOO_TOKEN}", base_url: "${URL}"}\n'


@pytest.fixture
def configured(
    relay: Relay, simulator: RunningSimulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Relay:
    """The command with a relay.yaml of one account, without a database."""
    (tmp_path / "relay.yaml").write_text(ONE)
    monkeypatch.setenv("FUSIOO_TOKEN", simulator.token)
    monkeypatch.setenv("URL", simulator.url)
    return relay


def test_apps_are_listed_by_name(configured: Relay, simulator: RunningSimulator) -> None:
    result = configured("apps")
    assert (result.exit_code, result.stderr) == (0, "")
    titles, clients, tasks = (line.split() for line in result.stdout.splitlines())
    assert titles == ["ID", "NAME", "RECORD", "FIELDS"]
    assert clients[:3] == ["i502fb", "Clients", "Client"]
    assert tasks[:3] == ["ia4f42", "Tasks", "Task"]
    assert tasks[3] == str(len(simulator.state.apps["ia4f42"].fields))
    assert len(simulator.calls_of("GET", "/apps")) == 1


def test_json_is_what_the_api_says(configured: Relay, simulator: RunningSimulator) -> None:
    listed = json.loads(configured("apps", "--json").stdout)
    assert [app["id"] for app in listed] == ["i502fb", "ia4f42"]
    tasks = json.loads(configured("apps", "Tasks", "--json").stdout)
    assert tasks == listed[1] == simulator.state.apps["ia4f42"].to_json(frozenset())


@pytest.mark.parametrize("reference", ["Tasks", "ia4f42"])
def test_one_app_is_shown_with_types_and_options(configured: Relay, reference: str) -> None:
    result = configured("apps", reference)
    assert (result.exit_code, result.stderr) == (0, "")
    lines = {line.split()[0]: line for line in result.stdout.splitlines() if line}
    assert lines["Tasks"] == "Tasks (ia4f42)"
    assert lines["title"].split()[:4] == ["title", "Title", "text", "yes"]
    assert "Low, Normal, High, Critical; one; by default Normal" in lines["priority"]
    assert "help_message: Insert the Task title" in lines["title"]


def test_an_unknown_app_leads_to_near_names(configured: Relay) -> None:
    result = configured("apps", "Taks")
    assert result.exit_code == 1
    assert result.stderr == (
        "relay: the token sees no app with the id or exact name `Taks` (did you mean `Tasks`?)\n"
    )


def test_an_account_without_apps_is_told_so(configured: Relay, simulator: RunningSimulator) -> None:
    simulator.state.apps.clear()
    assert configured("apps").stdout.startswith("The token sees no app.")
    assert json.loads(configured("apps", "--json").stdout) == []


def test_of_several_accounts_one_is_chosen(configured: Relay, tmp_path: Path) -> None:
    (tmp_path / "relay.yaml").write_text(ONE + OTHER)
    result = configured("apps")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "relay: there are several accounts; say which with --account: main, other\n"
    assert configured("apps", "--account", "other").exit_code == 0
    assert "there is no account mian" in configured("apps", "--account", "mian").stderr


def test_a_token_that_is_not_accepted_is_one_line(configured: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FUSIOO_TOKEN", "not-a-token-of-theirs")
    result = configured("apps")
    assert result.exit_code == 1
    assert "the token is not accepted" in result.stderr
    assert "give the account a new token" in result.stderr
    assert result.stderr.count("\n") == 1
    assert "not-a-token-of-theirs" not in result.output


def test_a_provider_that_is_away_is_one_line(configured: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("URL", "http://127.0.0.1:9/v3")
    result = configured("apps")
    assert result.exit_code == 1
    assert "http://127.0.0.1:9 could not be reached" in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("path", "expected"), [("", "could not be reached"), ("/v3/nowhere", "no token is given")]
)
def test_a_token_endpoint_that_gives_none_is_one_line(  # noqa: PLR0917
    configured: Relay,
    simulator: RunningSimulator,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    expected: str,
) -> None:
    oauth = 'oauth: {client_id: an-app, client_secret: "${FUSIOO_TOKEN}", token_url: "${TOKEN_URL}"}'
    (tmp_path / "relay.yaml").write_text(ONE.replace('token: "${FUSIOO_TOKEN}"', oauth))
    monkeypatch.setenv(
        "TOKEN_URL", simulator.url.replace("/v3", path) if path else "http://127.0.0.1:9/token"
    )
    result = configured("apps")
    assert result.exit_code == 1
    assert expected in result.stderr
    assert result.stderr.count("\n") == 1


def test_without_a_file_it_leads_to_init(relay: Relay) -> None:
    result = relay("apps")
    assert result.exit_code == 1
    assert "`relay init` writes a starter file" in result.stderr


def test_the_call_counts_where_there_is_a_database(
    configured: Relay, database: Database, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database.url)
    monkeypatch.setenv("REDIS_URL", redis_url)
    monkeypatch.setenv("RELAY_SECRET_KEY", "a key of thirty-two characters or more")
    assert configured("apps").exit_code == 0
    assert database.execute("SELECT account, endpoint, status FROM calls") == [("main", "GET /apps", 200)]
