"""Mistakes in writing YAML, in words for people who do not read its grammar. Pure.

Nothing of the file's own words is repeated: a secret may begin with YAML's signs.
"""

import re
from typing import NamedTuple

from ruamel.yaml.error import MarkedYAMLError, StringMark

_NAMED = re.compile(r"(undefined alias|tag handle) .*", re.DOTALL)
_NO_BLANK = re.compile(r"[\w'\"]:[\[{]")
_CLOSED_BY = re.compile(r"expected ',' or '([\]}])'")


class YamlMistake(NamedTuple):
    """What is wrong, where, and what to do."""

    message: str
    remedy: str | None
    mark: StringMark | None


def explain_yaml(error: MarkedYAMLError, text: str) -> YamlMistake:
    """Say what is wrong with a text that is no YAML."""
    problem, mark = error.problem or "not YAML", error.problem_mark
    line, column = _line(text, mark), mark.column if mark else 0
    if "that cannot start any token" in problem:
        return YamlMistake(*_wrong_sign(problem), mark)
    if problem == "mapping values are not allowed here":
        return YamlMistake(*_wrong_key(line[:column]), mark)
    if problem.startswith("expected <block end>"):
        remedy = "what belongs together begins in the same column; behind a dash, the first key counts"
        return YamlMistake("this line begins in another column than those it belongs to", remedy, mark)
    if problem == "could not find expected ':'":
        return YamlMistake(
            "a key has no colon behind it", "write it like key: value", error.context_mark or mark
        )
    if closed := _CLOSED_BY.match(problem):
        return YamlMistake(*_not_closed(closed[1], line, error.context_mark), mark)
    return YamlMistake(_NAMED.sub(r"\1", problem), None, mark)


def _line(text: str, mark: StringMark | None) -> str:
    lines = text.splitlines()
    return lines[mark.line] if mark and mark.line < len(lines) else ""


def _wrong_sign(problem: str) -> tuple[str, str]:
    if "\\t" in problem:
        return "a tab stands here, and YAML is indented with blanks only", "replace every tab by blanks"
    return "a text can't begin with this sign", "put the text in quotes"


def _wrong_key(before: str) -> tuple[str, str]:
    """`before` is what stands in the line before the colon that does not belong there."""
    if ":" in before:
        return "a second colon with a blank behind it stands in this line", "put the text in quotes"
    message = "this line is indented further than the one above it, and nothing there goes on"
    return message, "begin it in the same column as its neighbours"


def _not_closed(sign: str, line: str, opened: StringMark | None) -> tuple[str, str]:
    since = f" that closes line {opened.line + 1}" if opened else ""
    message = f"before this, a comma is missing, or the `{sign}`{since}"
    if "${" in line:
        return message, "put ${…} in quotes"
    if _NO_BLANK.search(line):
        return message, "write a blank behind each colon"
    return message, "a text with quotes, commas or brackets in it goes in quotes"
