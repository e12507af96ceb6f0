"""What is wrong with a configuration: found by path, shown by place, reported all together. Pure."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import NamedTuple

from service.errors import ConfigurationError

KeyPath = tuple[str | int, ...]
"""The way to a value: keys (numbers as texts) and list indexes, `("rules", 0, "when")`."""

_FEW = 12


class Position(NamedTuple):
    """Where something stands in a file; line and column count from 1. Line 0: the file as a whole."""

    line: int
    column: int
    file: str = ""


class Finding(NamedTuple):
    """Something wrong, by its path; at the key itself where that is the mistake."""

    path: KeyPath
    message: str
    remedy: str | None = None
    at_key: bool = False


class Problem(NamedTuple):
    """Something wrong, as a person reads it. `place` is `file:line:column`."""

    place: str
    message: str
    remedy: str | None = None
    position: Position = Position(1, 1)

    def __str__(self) -> str:
        """One line: place, message, and the remedy in brackets."""
        return f"{self.place}: {self.message}" + (f" ({self.remedy})" if self.remedy else "")


class InvalidConfigurationError(ConfigurationError):
    """The file was read, and is wrong in one or more places; all of it is in `problems`, by position."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


def nearest(word: str, known: Iterable[str]) -> str | None:
    """A remedy for a misspelt word: the nearest known one in whatever case, else all where they are few."""
    names = sorted(known)
    by_folded = {name.casefold(): name for name in names}
    close = get_close_matches(word, names, n=1) or [
        by_folded[folded] for folded in get_close_matches(word.casefold(), by_folded, n=1)
    ]
    if close:
        return f"did you mean `{close[0]}`?"
    return f"known: {', '.join(names)}" if 0 < len(names) <= _FEW else None
