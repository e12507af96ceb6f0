"""The mistakes that docs/guide/rules.md shows are found, in the very words that stand there."""

import json
from itertools import pairwise
from pathlib import Path

import pytest

from service.dev.simulators.fusioo.example_apps import clients_app, tasks_app
from service.dev.simulators.fusioo.schema import App, Field, FieldType
from tests.fixtures.command import Relay
from tests.fixtures.database import Database
from tests.fixtures.pages import Block, blocks_of
from tests.fixtures.source import ROOT

PAGE = ROOT / "docs" / "guide" / "rules.md"
TAGS = Field("tags", "Tags", FieldType.LIST, options={"items": ["Red", "Blue"], "allow_multiple": True})
TITLE = Field("title", "Title", FieldType.TEXT)


def mistakes() -> list[tuple[Block, Block]]:
    """Each example with what the page says that the relay says."""
    return [(one, said) for one, said in pairwise(blocks_of(PAGE)) if "mistake" in one.attributes]


def head() -> str:
    """The file's beginning, from which all examples go on: what stands before the first of them."""
    first = mistakes()[0][0]
    before = [block for block in blocks_of(PAGE) if block.language == "yaml" and block.line < first.line]
    return before[-1].text


@pytest.fixture
def on_apps(relay: Relay, database: Database, monkeypatch: pytest.MonkeyPatch) -> Relay:
    """The command, where it is known which apps Fusioo has."""
    tasks = tasks_app()
    tasks.fields.append(TAGS)
    apps = [
        tasks,
        clients_app(),
        *(App(each, "Projects", "Project", [TITLE]) for each in ("i5c0f1", "i8d2e7")),
    ]
    listed = [
        {"id": app.id, "name": app.name, "fields": [field.to_json() for field in app.fields]} for app in apps
    ]
    database.execute("INSERT INTO app_listings (account, apps) VALUES ('main', %s)", [json.dumps(listed)])
    monkeypatch.setenv("DATABASE_URL", database.url)
    monkeypatch.setenv("FUSIOO_TOKEN", "a-token")
    return relay


def test_there_are_twelve() -> None:
    assert len(mistakes()) == 12
    assert {said.language for _, said in mistakes()} == {"text"}


@pytest.mark.parametrize(("block", "said"), mistakes(), ids=lambda block: f"line {block.line}")
def test_a_mistake_is_told_as_the_page_says(on_apps: Relay, block: Block, said: Block) -> None:
    Path("relay.yaml").write_text(head() + block.text)
    result = on_apps("rules", "check")
    assert result.exit_code == 1
    mistakes_told = [line for line in result.stderr.splitlines() if line.startswith("relay: ")]
    assert mistakes_told == said.text.splitlines()


def test_an_app_without_mistakes_is_right(on_apps: Relay) -> None:
    rule = "  - {name: r, account: main, app: Tasks, when: {status: {equal: In progress}}, run: [ops]}\n"
    Path("relay.yaml").write_text(head() + rule)
    result = on_apps("rules", "check")
    assert (result.exit_code, result.stderr) == (0, "")
