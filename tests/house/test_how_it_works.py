"""What docs/how-it-works.md promises is tested where it says, and its words are those of the statuses."""

import ast
import re
from functools import cache

import pytest

from tests.fixtures.source import ROOT

PAGE = (ROOT / "docs" / "how-it-works.md").read_text("utf-8")
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)
GUARANTEES = PAGE.partition("## What is guaranteed")[2].partition("\n## ")[0]


@cache
def functions_in(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    return frozenset(
        node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_each_test_that_it_names_exists(path: str, name: str) -> None:
    assert name in functions_in(path)


def test_each_guarantee_names_its_tests() -> None:
    """A guarantee begins in bold; before the next one stand its tests, in a list."""
    parts = re.split(r"^\*\*", GUARANTEES, flags=re.MULTILINE)[1:]
    assert len(parts) >= 9
    assert [part.splitlines()[0] for part in parts if "\n* `tests/" not in part] == []


def test_no_line_of_a_guarantees_list_is_anything_else() -> None:
    listed = [line for line in GUARANTEES.splitlines() if line.startswith("*") and line[1] == " "]
    assert len(listed) == len(NAMED)
