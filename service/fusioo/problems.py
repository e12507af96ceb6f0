"""What is wrong with values and filters, field by field, before anything is sent."""

from collections.abc import Iterable
from typing import NamedTuple, Self

from service.errors import RelayError

_LONGEST_SHOWN = 60


class Problem(NamedTuple):
    """Why one field's value or condition is not acceptable."""

    field_id: str
    reason: str

    def __str__(self) -> str:
        return f"{self.field_id}: {self.reason}"


class MisfitError(RelayError, ValueError):
    """A value does not fit the kind of its field; the text says why, without naming the field."""


class ProblemsError(RelayError, ValueError):
    """Base: something is wrong in one field or several; `problems` has all of it. Correct it, then repeat."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(map(str, self.problems)))

    @classmethod
    def in_field(cls, field_id: str, reason: str) -> Self:
        return cls((Problem(field_id, reason),))


class UnfitValuesError(ProblemsError):
    """Values do not fit the fields of their app."""


class InvalidFilterError(ProblemsError):
    """A filter asks for something that the app or the API can't answer."""


def shown(value: object) -> str:
    """A value as a message shows it, cut to a readable length."""
    written = repr(value)
    return written if len(written) <= _LONGEST_SHOWN else f"{written[: _LONGEST_SHOWN - 1]}…"


def sort_of(value: object) -> str:
    """What sort of JSON value it is, for messages that must not show a record's content."""
    if isinstance(value, bool):
        return "true or false"
    sorts: tuple[tuple[type | tuple[type, ...], str], ...] = (
        (str, "a text"),
        ((int, float), "a number"),
        ((list, tuple), "a list"),
        (dict, "an object"),
    )
    return next((name for types, name in sorts if isinstance(value, types)), "null")
