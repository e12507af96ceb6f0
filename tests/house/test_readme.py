"""What the README tells people to type works."""

import re
import subprocess

import pytest
from typer.main import get_command

from service.cli.main import app
from tests.fixtures.command import Relay
from tests.fixtures.source import ROOT

README = (ROOT / "README.md").read_text("utf-8")
PAGES = [README, *(page.read_text("utf-8") for page in sorted((ROOT / "docs").rglob("*.md")))]
TYPED = re.compile(r"(?:^|`)(make|relay|\.venv/bin/relay)((?: [a-z][a-z-]*)+)", re.MULTILINE)


def _typed(program: str) -> set[str]:
    return {
        rest.strip()
        for page in PAGES
        for name, rest in TYPED.findall(page)
        if name.removeprefix(".venv/bin/") == program
    }


def _commands(group: object, above: str = "") -> dict[str, object]:
    """Every command by the words that call it; groups are among them."""
    found: dict[str, object] = {}
    for name, command in getattr(group, "commands", {}).items():
        found[f"{above}{name}"] = command
        found |= _commands(command, f"{above}{name} ")
    return found


def test_its_make_targets_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {"up", "test"} <= _typed("make")
    assert {typed for typed in _typed("make") if typed.split()[0] not in targets} == set()


def test_its_relay_commands_exist() -> None:
    known = _commands(get_command(app))
    typed = _typed("relay")
    assert typed
    assert {
        words for words in typed if not any(f"{words} ".startswith(f"{name} ") for name in known)
    } == set()


@pytest.mark.parametrize("words", sorted(_commands(get_command(app))))
def test_every_command_explains_itself(words: str, relay: Relay) -> None:
    result = relay(*words.split(), "--help")
    assert result.exit_code == 0, result.output
    assert "Usage" in result.output


def test_its_map_names_every_room() -> None:
    rooms = {path.name for path in (ROOT / "service").iterdir() if (path / "__init__.py").exists()}
    unnamed = {room for room in rooms if f"{room}/" not in README}
    assert unnamed == set()


def test_make_names_its_targets() -> None:
    command = ["make", "help"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603  ours
    shown = {line.partition("  ")[0] for line in run.stdout.splitlines()}
    assert shown >= {"make install", "make up", "make test", "make check"}
