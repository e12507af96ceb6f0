"""Cuts a filter of Query into words: `6983 eq 'it''s' and (6985 gt datetime'2024-01-01')`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from service.dev.simulators.onspring.settings import QuoteEscape

Kind = Literal["name", "number", "text", "date", "(", ")", "end"]


@dataclass(frozen=True)
class Word:
    """One word; `text` is without its quotes. `at` counts characters from 0."""

    kind: Kind
    text: str
    at: int


class FilterSyntaxError(ValueError):
    """A filter that cannot be read: what is wrong, and where."""

    def __init__(self, problem: str, at: int) -> None:
        super().__init__(f"{problem} at character {at + 1} of the filter")


_BLANK = re.compile(r"\s+")
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?(?![\w.])")
_NAME = re.compile(r"[A-Za-z]+")
_TEXT = {
    "doubled": re.compile(r"'((?:[^']|'')*)'"),
    "backslash": re.compile(r"'((?:[^'\\]|\\.)*)'", re.DOTALL),
    "none": re.compile(r"'([^']*)'"),
}


def words(text: str, escape: QuoteEscape) -> Iterator[Word]:
    """Cut `text`; the last word is the end. Raises FilterSyntaxError."""
    at = 0
    while at < len(text):
        if blank := _BLANK.match(text, at):
            at = blank.end()
            continue
        word, at = _next(text, at, escape)
        yield word
    yield Word("end", "", len(text))


def _next(text: str, at: int, escape: QuoteEscape) -> tuple[Word, int]:
    """Read the word that begins at `at`, and tell where it ends."""
    match text[at]:
        case "(":
            return Word("(", "(", at), at + 1
        case ")":
            return Word(")", ")", at), at + 1
        case "'":
            content, end = _quoted(text, at, escape)
            return Word("text", content, at), end
    if number := _NUMBER.match(text, at):
        return Word("number", number[0], at), number.end()
    name = _NAME.match(text, at)
    if name is None:
        raise FilterSyntaxError(f"{text[at]!r} is not expected", at)
    if name[0].lower() == "datetime" and text[name.end() : name.end() + 1] == "'":
        content, end = _quoted(text, name.end(), escape)
        return Word("date", content, at), end
    return Word("name", name[0], at), name.end()


def _quoted(text: str, at: int, escape: QuoteEscape) -> tuple[str, int]:
    found = _TEXT[escape].match(text, at)
    if found is None:
        raise FilterSyntaxError("a quote is never closed", at)
    content = found[1]
    if escape == "doubled":
        content = content.replace("''", "'")
    elif escape == "backslash":
        content = re.sub(r"\\(.)", r"\1", content, flags=re.DOTALL)
    return content, found.end()
