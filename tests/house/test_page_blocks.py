"""Every block of our pages is what it says: drawing, data, file, or commands that a test runs."""

import json
import re
from configparser import ConfigParser
from pathlib import Path

import pytest

from tests.fixtures.not_run import NOT_RUN, not_run
from tests.fixtures.pages import Block, all_blocks, blocks_of, page_id, pages
from tests.fixtures.transcripts import steps_of

ATTRIBUTES = {
    "yaml": {"file", "fragment", "mistake"},
    "python": {"file"},
    "console": {"terminal"},
    "sh": set[str](),
    "json": {"file"},
    "ini": set[str](),
    "text": set[str](),
}
"""The languages that a test knows what to do with, and what may stand behind them."""

COMMAND_IN_TEXT = re.compile(r"^\s*(?:\$|make|relay|git|docker|curl|pip|systemctl)\s", re.MULTILINE)


@pytest.mark.parametrize("page", pages(), ids=page_id)
def test_every_block_says_what_it_is(page: Path) -> None:
    strange = {
        str(block): (block.language, *block.attributes)
        for block in blocks_of(page)
        if block.language not in ATTRIBUTES or block.attributes.keys() - ATTRIBUTES[block.language]
    }
    assert strange == {}


@pytest.mark.parametrize("page", pages(), ids=page_id)
def test_commands_stand_where_they_are_run(page: Path) -> None:
    hidden = [
        str(block)
        for block in blocks_of(page)
        if block.language not in {"console", "sh", "python"} and COMMAND_IN_TEXT.search(block.text)
    ]
    assert hidden == [], "commands stand in `console` (with prompts and output) or `sh`"


@pytest.mark.parametrize("page", pages(), ids=page_id)
def test_json_and_units_can_be_read(page: Path) -> None:
    for block in blocks_of(page):
        if block.language == "json":
            json.loads(block.text)
        if block.language == "ini":
            ConfigParser(strict=False, interpolation=None).read_string(block.text)


@pytest.mark.parametrize("block", all_blocks("console", "sh"), ids=str)
def test_blocks_of_commands_hold_commands(block: Block) -> None:
    assert steps_of(block)


def test_commands_that_are_not_run_can_be_right() -> None:
    commands = [step.command for block in all_blocks("console", "sh") for step in steps_of(block)]
    looked_at = [(command, rule) for command in commands if command and (rule := not_run(command))]
    for command, rule in looked_at:
        rule.look(command)
    unused = {rule.begins for rule in NOT_RUN} - {rule.begins for _, rule in looked_at}
    assert unused == set(), "take what no page needs any more off the list"
