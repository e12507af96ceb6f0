"""Filters: which records of an app are asked for. Pure.

    done_late = field("status").contains("Done") & field("due_date").less_than(date(2024, 9, 30))
    await client.records.filter("ia4f42", done_late)

Several conditions are joined by AND; the API has no OR. A plain dict of the API's form does as well:
`{"status": {"contains": "Done"}}`, with no object around it (seen live). Whether several conditions on one
field are all looked at is not documented; the page's examples have one each.
"""

from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from typing import Any, NamedTuple

from service.fusioo.conditions import ConditionNames
from service.fusioo.operands import Operand, write_operand
from service.fusioo.problems import InvalidFilterError, Problem, shown

_AS_WRITTEN = ConditionNames()


class FieldCondition(NamedTuple):
    """One condition on one field, under our name of it; `operand` is JSON."""

    field_id: str
    name: str
    operand: Any


class Filter(Mapping[str, Mapping[str, Any]]):
    """Conditions joined by AND; as a mapping the body that the API takes, under our names of conditions.

    Made by `field(…)` and `&`, or by `Filter.parse`. Frozen. Raises InvalidFilterError where two conditions
    of one name on one field differ: JSON has room for one.
    """

    __slots__ = ("_operands",)

    def __init__(self, conditions: Iterable[FieldCondition] = ()) -> None:
        self._operands: dict[tuple[str, str], Any] = {}
        problems = [problem for condition in conditions if (problem := self._take(condition)) is not None]
        if problems:
            raise InvalidFilterError(problems)

    @classmethod
    def parse(cls, plain: Mapping[str, Any], names: ConditionNames = _AS_WRITTEN) -> "Filter":
        """Read a filter of the API's form. Raises InvalidFilterError where it has another form."""
        problems = [problem for entry in plain.items() if (problem := _odd_form(*entry)) is not None]
        if problems:
            raise InvalidFilterError(problems)
        return cls(
            _condition(field_id, names.ours(name), operand)
            for field_id, conditions in plain.items()
            for name, operand in conditions.items()
        )

    def plain(self, names: ConditionNames = _AS_WRITTEN) -> dict[str, dict[str, Any]]:
        """The API's form, with the API's names of conditions: field id → condition → operand."""
        body: dict[str, dict[str, Any]] = {}
        for condition in self.conditions:
            operands = body.setdefault(condition.field_id, {})
            name = names.on_wire(condition.name)
            if name in operands:
                raise InvalidFilterError.in_field(condition.field_id, f"two conditions are called {name}")
            operands[name] = deepcopy(condition.operand)
        return body

    @property
    def conditions(self) -> tuple[FieldCondition, ...]:
        """Every condition, in the order in which it was added."""
        return tuple(FieldCondition(*place, operand) for place, operand in self._operands.items())

    def __and__(self, other: Mapping[str, Any]) -> "Filter":
        more = other if isinstance(other, Filter) else Filter.parse(other)
        return Filter((*self.conditions, *more.conditions))

    def __getitem__(self, field_id: str) -> Mapping[str, Any]:
        return self.plain()[field_id]

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(field_id for field_id, _ in self._operands))

    def __len__(self) -> int:
        return len({field_id for field_id, _ in self._operands})

    def __repr__(self) -> str:
        return f"Filter({self.plain()!r})"

    def _take(self, condition: FieldCondition) -> Problem | None:
        place = (condition.field_id, condition.name)
        before = self._operands.setdefault(place, condition.operand)
        if repr(before) == repr(condition.operand):  # unlike ==, it tells true from 1
            return None
        reason = f"{condition.name} can't be both {shown(before)} and {shown(condition.operand)}"
        several = "; for several use contains_all" if condition.name == "contains" else ""
        return Problem(condition.field_id, reason + several)


class FieldFilter:
    """The conditions on one field; each gives a Filter. Operands are JSON, dates, or aware datetimes.

    Raises InvalidFilterError for what is none of these, a naive datetime among them.
    """

    def __init__(self, field_id: str) -> None:
        self._field_id = field_id

    def equal(self, value: Operand) -> Filter:
        """Equal to. Not for lists: those need `contains`; a boolean needs True or False."""
        return self.condition("equal", value)

    def not_equal(self, value: Operand) -> Filter:
        """Not equal to."""
        return self.condition("not_equal", value)

    def contains(self, text: str) -> Filter:
        """A text has this in it, a list this option, name or id."""
        return self.condition("contains", text)

    def does_not_contain(self, text: str) -> Filter:
        """The opposite of `contains`."""
        return self.condition("does_not_contain", text)

    def contains_any(self, *texts: str) -> Filter:
        """One of these at least."""
        return self.condition("contains_any", texts)

    def contains_all(self, *texts: str) -> Filter:
        """Every one of these."""
        return self.condition("contains_all", texts)

    def greater_than(self, bound: Operand) -> Filter:
        """A larger number, a later day or moment."""
        return self.condition("greater_than", bound)

    def less_than(self, bound: Operand) -> Filter:
        """A smaller number, an earlier day or moment."""
        return self.condition("less_than", bound)

    def within_previous(self, days: int) -> Filter:
        """In the last days."""
        return self.condition("within_previous", days)

    def within_next(self, days: int) -> Filter:
        """In the next days."""
        return self.condition("within_next", days)

    def is_today(self, flag: bool = True) -> Filter:
        """Today, or with False another day."""
        return self.condition("is_today", flag)

    def has_no_value(self, flag: bool = True) -> Filter:
        """Empty, or with False not empty."""
        return self.condition("has_no_value", flag)

    def condition(self, name: str, operand: Any) -> Filter:
        """A condition by its name, also one that nobody here knows."""
        return Filter((_condition(self._field_id, name, operand),))


def field(field_id: str) -> FieldFilter:
    """Begin a condition on a field: `field("status").contains("Done")`."""
    return FieldFilter(field_id)


def _condition(field_id: str, name: str, operand: Any) -> FieldCondition:
    try:
        return FieldCondition(field_id, name, write_operand(operand))
    except ValueError as error:
        raise InvalidFilterError.in_field(field_id, f"{name}: {error}") from error


def _odd_form(field_id: object, conditions: object) -> Problem | None:
    if not isinstance(field_id, str):
        return Problem(shown(field_id), "is not the id of a field")
    if not isinstance(conditions, Mapping):
        return Problem(field_id, f"write a condition, like {{'equal': {shown(conditions)}}}")
    if not conditions:
        return Problem(field_id, "has no condition; write one, like {'contains': 'Done'}")
    if odd := [name for name in conditions if not isinstance(name, str)]:
        return Problem(field_id, f"{shown(odd[0])} is not the name of a condition")
    return None
