"""`relay init` against a simulated Fusioo: from a token to a file that is right."""

from pathlib import Path

import pytest

from tests.fixtures.command import Relay
from tests.fixtures.simulator import RunningSimulator
from tests.fixtures.typing_people import at_a_terminal


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "relay.yaml"


@pytest.fixture
def told(relay: Relay, simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch) -> Relay:
    """The command with a token and an address in its environment."""
    monkeypatch.setenv("FUSIOO_TOKEN", simulator.token)
    monkeypatch.setenv("FUSIOO_BASE_URL", simulator.url)
    return relay


def test_it_lists_the_apps_and_writes_a_file_that_is_right(
    told: Relay, file: Path, simulator: RunningSimulator
) -> None:
    result = told("init")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "Tasks" in result.stdout
    assert "Written: relay.yaml." in result.stdout
    assert "export FUSIOO_TOKEN" not in result.stdout, "it is set already"
    text = file.read_text()
    assert "contains_any: [High, Critical]" in text
    assert "base_url: ${FUSIOO_BASE_URL}" in text
    assert simulator.token not in text + result.output
    assert told("rules", "check").stdout == "relay.yaml is right: 1 accounts, 1 handlers, 0 rules.\n"
    assert told("apps").exit_code == 0


def test_a_rule_without_its_comment_is_right_too(told: Relay, file: Path) -> None:
    told("init")
    lines = file.read_text().splitlines()
    start = next(number for number, line in enumerate(lines) if "name: tasks-priority" in line)
    lines[start : start + 5] = [line.replace("# ", "", 1) for line in lines[start : start + 5]]
    file.write_text("\n".join(lines))
    assert told("rules", "check").stdout.startswith("relay.yaml is right: 1 accounts, 1 handlers, 1 rules.\n")


def test_a_file_that_is_there_stays_unless_forced(
    told: Relay, file: Path, simulator: RunningSimulator
) -> None:
    file.write_text("mine")
    result = told("init")
    assert result.exit_code == 1
    assert (
        result.stderr
        == "relay: relay.yaml is there already; overwrite it with --force, or set RELAY_CONFIG\n"
    )
    assert file.read_text() == "mine"
    assert simulator.calls_of("GET", "/") == []
    assert told("init", "--force").exit_code == 0
    assert "version: 1" in file.read_text()


def test_an_address_that_is_given_is_written(
    relay: Relay, file: Path, simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FUSIOO_TOKEN", simulator.token)
    assert relay("init", "--base-url", simulator.url).exit_code == 0
    assert f"base_url: {simulator.url}\n" in file.read_text()


def test_a_token_that_is_not_accepted_writes_nothing(
    told: Relay, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FUSIOO_TOKEN", "not-a-token-of-theirs")
    result = told("init")
    assert result.exit_code == 1
    assert "the token is not accepted" in result.stderr
    assert result.stderr.count("\n") == 1
    assert "not-a-token-of-theirs" not in result.output
    assert not file.exists()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:9/v3", "http://127.0.0.1:9 could not be reached"),
        ("ftp://x", "the base URL is not an address (write it like https://api.fusioo.com/v3)"),
        ("https://api.fusioo.com/v1", "base_url names version 1 of Fusioo's API"),
    ],
)
def test_an_address_that_does_not_work_is_one_line(told: Relay, file: Path, url: str, expected: str) -> None:
    result = told("init", "--base-url", url)
    assert result.exit_code == 1
    assert expected in result.stderr
    assert result.stderr.count("\n") == 1
    assert not file.exists()


def test_an_account_without_apps_writes_nothing(told: Relay, file: Path, simulator: RunningSimulator) -> None:
    simulator.state.apps.clear()
    result = told("init")
    assert result.exit_code == 1
    assert "sees no app" in result.stderr
    assert not file.exists()


def test_a_place_that_can_not_be_written_is_one_line(
    told: Relay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RELAY_CONFIG", str(tmp_path / "nowhere" / "relay.yaml"))
    result = told("init")
    assert result.exit_code == 1
    assert "nowhere/relay.yaml: can't be written: No such file or directory" in result.stderr


def test_without_a_token_and_a_terminal_it_says_what_to_set(relay: Relay, file: Path) -> None:
    result = relay("init")
    assert result.exit_code == 1
    assert "environment: FUSIOO_TOKEN is not set" in result.stderr
    assert not file.exists()


def test_at_a_terminal_the_token_is_asked_for_and_not_shown(
    file: Path, tmp_path: Path, simulator: RunningSimulator
) -> None:
    settings = {"RELAY_DATA_DIR": str(tmp_path / "data")}
    with at_a_terminal(
        "init", "--base-url", simulator.url, directory=tmp_path, environment=settings
    ) as person:
        person.sees("is not shown")
        person.types(simulator.token, hidden=True)
        person.sees("Written: ")
        assert person.ends() == 0
    assert simulator.token not in person.shown
    assert "relay up" in person.shown
    assert "export FUSIOO_TOKEN" in person.shown
    assert simulator.token not in file.read_text()
