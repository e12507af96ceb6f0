"""The runbooks, and the page that leads to them, name commands, options, alarms and metrics that exist."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from service.alarms.repository import AlarmName
from service.cli.main import app
from service.pipeline.probes.checks import CheckName
from tests.fixtures.pages import page_id
from tests.fixtures.source import ROOT

RUNBOOKS = sorted((ROOT / "deploy" / "runbooks").glob("*.md"))
EACH = [path for path in RUNBOOKS if path.name != "README.md"]
PAGES = [*RUNBOOKS, ROOT / "docs" / "guide" / "going-live.md"]
OPERATING = (ROOT / "docs" / "guide" / "operating.md").read_text("utf-8")
SETTINGS = (ROOT / "docs" / "reference" / "relay-yaml.md").read_text("utf-8")
SECTIONS = ["How you notice", "What to look at", "What to do", "How you know that it is over"]
ISSUE = {"webhook-dead", "account-revoked", "budget-exhausted", "inbox-growing", "replay-after-a-bug"}

TYPED = re.compile(r"`(relay [a-z][^`]*)`|^ *(?:\$ )?(relay [a-z].*)$", re.MULTILINE)
QUOTED = re.compile(r"`([a-z]+(?:[_.][a-z_0-9]+)+)`")
FILES = {"relay.yaml"}


def commands_of(text: str) -> Iterator[list[str]]:
    """What is typed after `relay`, in prose and in blocks, up to a pipe or a comment."""
    for quoted, line in TYPED.findall(text):
        yield re.split(r"\s(?:\||>|#|<)", quoted or line)[0].split()[1:]


def mistake(words: list[str]) -> str | None:
    """What is wrong with a command: an unknown word where a command is expected, or an unknown option."""
    command: Any = get_command(app)  # typer does not say what is a group
    rest = words[:]
    while below := getattr(command, "commands", {}):
        name = re.split(r"[,;.:]", rest[0])[0] if rest else ""
        if name not in below:
            break
        command, rest = below[name], rest[1:]
    if getattr(command, "commands", {}) and not command.invoke_without_command:
        return f"no such command: {' '.join(words)}"
    known = {name for each in command.params for name in (*each.opts, *each.secondary_opts)} | {"--help"}
    strange = [word for word in rest if word.startswith("--") and word.partition("=")[0] not in known]
    return f"no such option: {' '.join(words)} ({', '.join(strange)})" if strange else None


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_commands_and_options_exist(page: Path) -> None:
    found = [wrong for words in commands_of(page.read_text("utf-8")) if (wrong := mistake(words))]
    assert found == []


@pytest.mark.parametrize(
    "typed", ["relay webhooks remake", "relay doctors", "relay runs list --stat dead", "relay"]
)
def test_commands_that_do_not_exist_are_found(typed: str) -> None:
    assert mistake(typed.split()[1:]) is not None


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_alarms_metrics_events_and_settings_exist(page: Path) -> None:
    """`test_operating.py` compares that page with the code, generated pages are the code's."""
    known = {*AlarmName, *CheckName, *QUOTED.findall(OPERATING), *re.findall(r"`(\w+)`", SETTINGS)} | FILES
    metrics = set(re.findall(r"`(relay_\w+)`", OPERATING))
    strange = [
        name
        for name in QUOTED.findall(page.read_text("utf-8"))
        if name not in (metrics if name.startswith("relay_") else known) and not _is_setting(name)
    ]
    assert strange == []


def _is_setting(name: str) -> bool:
    """Whether it is a key below a key of `relay.yaml`, or a column of what commands show."""
    return all(re.search(rf"`{part}`", SETTINGS) for part in name.split("."))


@pytest.mark.parametrize("page", EACH, ids=page_id)
def test_each_runbook_says_how_one_notices_and_how_it_ends(page: Path) -> None:
    headings = re.findall(r"^## (.+)$", page.read_text("utf-8"), re.MULTILINE)
    assert [heading for heading in headings if heading in SECTIONS] == SECTIONS


def test_there_is_one_for_each_bad_day_and_pages_lead_to_them() -> None:
    assert {path.stem for path in EACH} >= ISSUE
    listed = (ROOT / "deploy" / "runbooks" / "README.md").read_text("utf-8")
    assert [path.name for path in EACH if f"({path.name})" not in listed] == []
    for page in (OPERATING, (ROOT / "docs" / "README.md").read_text("utf-8")):
        assert "deploy/runbooks/README.md" in page
