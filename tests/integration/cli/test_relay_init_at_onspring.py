"""`relay init` against a simulated Onspring: from an API key to a file that is right."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fixtures.command import Relay
from tests.fixtures.onspring_simulator import RunningOnspring, onspring_in_thread


@pytest.fixture
def onspring() -> Iterator[RunningOnspring]:
    with onspring_in_thread() as running:
        yield running


@pytest.fixture
def told(relay: Relay, onspring: RunningOnspring, monkeypatch: pytest.MonkeyPatch) -> Relay:
    """`relay …` with a key and an address in its environment."""
    monkeypatch.setenv("ONSPRING_API_KEY", onspring.key)
    monkeypatch.setenv("ONSPRING_BASE_URL", onspring.url)
    return relay


def init(told: Relay) -> str:
    """Let it write the file; gives its text."""
    result = told("init", "--provider", "onspring")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "Tasks" in result.stdout
    return Path("relay.yaml").read_text()


def test_it_lists_the_apps_and_writes_a_file_that_is_right(told: Relay, onspring: RunningOnspring) -> None:
    text = init(told)
    assert "    provider: onspring\n    token: ${ONSPRING_API_KEY} # secrets come from" in text
    assert "    base_url: ${ONSPRING_BASE_URL}\n" in text
    assert "6986 Status" in text
    assert onspring.key not in text
    assert told("rules", "check").stdout == "relay.yaml is right: 1 accounts, 1 handlers, 0 rules.\n"
    assert told("apps").exit_code == 0


def test_its_rules_hold_without_their_comments_and_name_the_fields(told: Relay) -> None:
    lines = init(told).splitlines()
    start = next(number for number, line in enumerate(lines) if "name: tasks-6986-changed" in line)
    rule = lines[start : start + 5]
    assert rule[3].strip() == '#   changed: {"6986": {to: Not Started}}    # Status'
    lines[start : start + 5] = [line.replace("# ", "", 1) for line in rule]
    Path("relay.yaml").write_text("\n".join(lines))
    assert told("rules", "check").stdout.startswith("relay.yaml is right: 1 accounts, 1 handlers, 1 rules.\n")


def test_without_an_address_nothing_is_asked_or_written(told: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ONSPRING_BASE_URL")
    result = told("init", "--provider", "onspring")
    assert result.exit_code == 1
    assert "ONSPRING_BASE_URL is not set" in result.stderr
    assert not Path("relay.yaml").exists()


def test_without_a_key_it_says_which_variable(told: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ONSPRING_API_KEY")
    result = told("init", "--provider", "onspring")
    assert (result.exit_code, "ONSPRING_API_KEY is not set" in result.stderr) == (1, True)
