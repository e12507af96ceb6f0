"""Reads a filter of Query: operators and delimiters as Onspring's page has them (Get Records by Query).

That `not` binds closer than `and`, and `and` closer than `or`, is a guess; so is that case does not matter.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from service.dev.simulators.onspring.filter_words import FilterSyntaxError, Kind, Word, words
from service.dev.simulators.onspring.settings import QuoteEscape

Operator = Literal["eq", "ne", "contains", "isnull", "notnull", "lt", "gt"]

WITH_OPERAND: tuple[Operator, ...] = ("eq", "ne", "contains", "lt", "gt")
WITHOUT_OPERAND: tuple[Operator, ...] = ("isnull", "notnull")
_DEEPEST = 100


@dataclass(frozen=True)
class Operand:
    """What a field is compared with, as it was written."""

    kind: Literal["number", "text", "date"]
    text: str


@dataclass(frozen=True)
class Comparison:
    """One field, one operator; `isnull` and `notnull` have no operand."""

    field_id: int
    operator: Operator
    operand: Operand | None = None


@dataclass(frozen=True)
class Negation:
    """`not`, and what it negates."""

    inner: "Filter"


@dataclass(frozen=True)
class Joined:
    """Two or more parts of which all (`and`) or any (`or`) must hold."""

    joint: Literal["and", "or"]
    parts: tuple["Filter", ...]


Filter = Comparison | Negation | Joined


def parse_filter(text: str, escape: QuoteEscape = "doubled") -> Filter:
    """Read a whole filter. Raises FilterSyntaxError, which says where."""
    return _Parser(words(text, escape)).whole()


class _Parser:
    def __init__(self, found: Iterable[Word]) -> None:
        self._words = list(found)
        self._position = self._depth = 0

    def whole(self) -> Filter:
        found = self._any_of()
        self._take("end")
        return found

    def _any_of(self) -> Filter:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise FilterSyntaxError("parentheses are too deep", self._word.at)
        parts = [self._all_of()]
        while self._skip_name("or"):
            parts.append(self._all_of())
        self._depth -= 1
        return parts[0] if len(parts) == 1 else Joined("or", tuple(parts))

    def _all_of(self) -> Filter:
        parts = [self._one()]
        while self._skip_name("and"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else Joined("and", tuple(parts))

    def _one(self) -> Filter:
        negated = 0
        while self._skip_name("not"):
            negated += 1
            if negated > _DEEPEST:
                raise FilterSyntaxError("there are too many negations", self._word.at)
        if self._word.kind == "(":
            self._take("(")
            found = self._any_of()
            self._take(")")
        else:
            found = self._comparison()
        for _ in range(negated):
            found = Negation(found)
        return found

    def _comparison(self) -> Filter:
        field = self._take("number")
        if not field.text.isdecimal():
            raise FilterSyntaxError(f"{field.text} is no id of a field", field.at)
        operator = self._take("name")
        name = operator.text.lower()
        for without in WITHOUT_OPERAND:
            if name == without:
                return Comparison(int(field.text), without)
        for known in WITH_OPERAND:
            if name == known:
                return Comparison(int(field.text), known, self._operand())
        raise FilterSyntaxError(f"{operator.text} is not an operator", operator.at)

    def _operand(self) -> Operand:
        word = self._word
        match word.kind:
            case "number" | "text" | "date" as kind:
                self._position += 1
                return Operand(kind, word.text)
        raise FilterSyntaxError("a value is missing", word.at)

    @property
    def _word(self) -> Word:
        return self._words[self._position]

    def _take(self, kind: Kind) -> Word:
        word = self._word
        if word.kind != kind:
            found = f"{word.text!r} stands" if word.text else "nothing stands"
            raise FilterSyntaxError(f"{found} where {_EXPECTED[kind]} is expected", word.at)
        self._position += 1
        return word

    def _skip_name(self, name: str) -> bool:
        if self._word.kind == "name" and self._word.text.lower() == name:
            self._position += 1
            return True
        return False


_EXPECTED: dict[Kind, str] = {
    "name": "an operator",
    "number": "the id of a field",
    "(": "a parenthesis",
    ")": "a closing parenthesis",
    "end": "the end",
}
