"""A directory as RELAY_CONFIG: commands see all of its files, and its Python modules."""

from pathlib import Path

import pytest

from tests.fixtures.command import Relay

ACCOUNTS = 'version: 1\naccounts: {main: {provider: fusioo, token: "${FUSIOO_TOKEN}"}}\n'
RULES = """\
version: 1
handlers: {act: {python: acting_in_rules.act}}
rules: [{name: every, account: main, app: Tasks, run: [act]}]
"""


@pytest.fixture
def rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    directory = tmp_path / "rules"
    directory.mkdir()
    (directory / "accounts.yaml").write_text(ACCOUNTS)
    (directory / "tasks.yml").write_text(RULES)
    (directory / "acting_in_rules.py").write_text("def act(change, ctx): ...")
    monkeypatch.setenv("RELAY_CONFIG", str(directory))
    monkeypatch.setenv("FUSIOO_TOKEN", "t")
    return directory


def test_it_is_checked_as_one(relay: Relay, rules: Path) -> None:
    result = relay("rules", "check")
    assert result.stdout.splitlines()[0] == f"{rules} is right: 1 accounts, 1 handlers, 1 rules."
    assert result.exit_code == 0


def test_a_mistake_is_in_its_file(relay: Relay, rules: Path) -> None:
    (rules / "more.yaml").write_text("version: 1\nhandlers: {act: {log: {}}}\n")
    (rules / "tasks.yml").write_text(RULES.replace("acting_in_rules.act", "acting_in_rules.atc"))
    result = relay("rules", "check")
    assert result.exit_code == 1
    assert f"{rules}/tasks.yml:2:12: the handler `act` stands in two files" in result.stderr
    (rules / "more.yaml").unlink()
    assert f"{rules}/tasks.yml:2:26: " in relay("rules", "check").stderr
    assert "did you mean acting_in_rules.act?" in relay("rules", "check").stderr


def test_nothing_is_written_into_it_by_init(relay: Relay, rules: Path) -> None:
    result = relay("init")
    assert (result.exit_code, result.stdout) == (1, "")
    assert f"{rules} is there already" in result.stderr
    assert len(list(rules.iterdir())) == 3
