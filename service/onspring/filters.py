"""Filters: which records a query asks for. Pure.

    late = field(6985).lt(moment) & ~field(6986).contains("Complete")

is written as `6985 lt datetime'2024-09-30T00:00:00Z' and not (6986 contains 'Complete')`. Source of operators
and delimiters: the vendor's page, "Get Records by Query". How a quote inside a text is written is not
published: it is doubled, as in the language that this one is taken from (OData).
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import IntEnum
from typing import TypeAlias
from uuid import UUID

from service.errors import RelayError
from service.onspring.values import UnfitValueError, write_moment

Operand: TypeAlias = str | int | float | Decimal | datetime | UUID


class InvalidFilterError(RelayError, ValueError):
    """A filter asks for something that the API can't answer. Nothing was sent."""


class _Binding(IntEnum):
    """How tightly the parts of a filter hold together: the looser needs parentheses within the tighter."""

    OR = 1
    AND = 2
    NOT = 3
    ONE = 4


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition, or several; as a text what the API takes. Made by `field(…)`, `&`, `|` and `~`."""

    text: str
    binding: _Binding = _Binding.OR
    """A text of one's own is taken for a loose one, so that parentheses keep it together."""

    def __post_init__(self) -> None:
        if not self.text.strip():
            raise InvalidFilterError("the filter is empty; the API refuses that: list the records instead")

    def __and__(self, other: "Filter") -> "Filter":
        return Filter(f"{self.within(_Binding.AND)} and {other.within(_Binding.AND)}", _Binding.AND)

    def __or__(self, other: "Filter") -> "Filter":
        return Filter(f"{self.within(_Binding.OR)} or {other.within(_Binding.OR)}", _Binding.OR)

    def __invert__(self) -> "Filter":
        return Filter(f"not ({self.text})", _Binding.NOT)

    def within(self, binding: _Binding) -> str:
        """Its text as a part of a filter that binds like this."""
        return self.text if self.binding >= binding else f"({self.text})"

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class FieldFilter:
    """The conditions on one field, each a Filter; the API knows these seven and no others.

    Raise InvalidFilterError for what the API can't compare with, a naive datetime among it.
    """

    field_id: int

    def eq(self, value: Operand) -> Filter:
        """Equal to. Not for lists: those need `contains`."""
        return self._compared("eq", value)

    def ne(self, value: Operand) -> Filter:
        """Not equal to."""
        return self._compared("ne", value)

    def lt(self, value: Operand) -> Filter:
        """Less than a number, before a moment."""
        return self._compared("lt", value)

    def gt(self, value: Operand) -> Filter:
        """Greater than a number, after a moment."""
        return self._compared("gt", value)

    def contains(self, value: str | UUID) -> Filter:
        """A list field holds this value: its name or its id."""
        return self._compared("contains", value)

    def is_null(self) -> Filter:
        """Empty."""
        return Filter(f"{self.field_id} isnull", _Binding.ONE)

    def not_null(self) -> Filter:
        """Not empty."""
        return Filter(f"{self.field_id} notnull", _Binding.ONE)

    def _compared(self, operator: str, value: Operand) -> Filter:
        try:
            return Filter(f"{self.field_id} {operator} {write_operand(value)}", _Binding.ONE)
        except UnfitValueError as error:
            raise InvalidFilterError(f"field {self.field_id}, {operator}: {error}") from error


def field(field_id: int) -> FieldFilter:
    """Begin a condition on a field: `field(6983).eq("Test Task 5")`. Raises InvalidFilterError for no id."""
    if field_id < 1:
        raise InvalidFilterError(f"{field_id!r} is not the id of a field; ids are numbers from 1")
    return FieldFilter(field_id)


def write_operand(value: Operand) -> str:
    """What a condition compares with, as a filter says it: `'O''Brien'`, `datetime'2023-02-15T06:00:00Z'`.

    Raises UnfitValueError for anything that is neither text, number, GUID nor aware datetime.
    """
    if isinstance(value, str | UUID):
        doubled = str(value).replace("'", "''")
        return f"'{doubled}'"
    if isinstance(value, datetime):
        return f"datetime'{write_moment(value)}'"
    if isinstance(value, bool | date) or not isinstance(value, int | float | Decimal):
        raise UnfitValueError(f"{value!r} is no text, number, GUID or aware datetime")
    number = value if isinstance(value, Decimal) else Decimal(repr(value))
    if not number.is_finite():
        raise UnfitValueError(f"{value} is no number")
    return f"{number:f}"
