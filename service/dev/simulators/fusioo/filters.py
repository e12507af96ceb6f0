"""Filter bodies: `{field: {condition: value}}`, several fields and several conditions = AND.

`equal`, `not_equal` and `contains` stand on Fusioo's page; the JSON names of the other conditions are
guesses after its captions. Texts compare without case: the page finds "In progress" by "In Progress".
"""

import operator
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

from service.dev.simulators.fusioo.schema import ARRAYS, MOMENTS, RAW, TEXTS, App, Field, FieldType

_Condition = Callable[[Field, Any, Any, datetime], bool]
"""(field, the record's value or None, the operand, now) → whether it holds."""

Check = Callable[[Any], bool]
"""The record's value or None → whether it fits."""

_DATE_LENGTH = len("2024-09-30")
_ALL = frozenset(FieldType)
_NUMBER = frozenset({FieldType.NUMBER})
_SCALARS = _ALL - ARRAYS
_LOOSE = RAW | {FieldType.AUTO_NUMBER}
_EMPTIABLE = (TEXTS | MOMENTS | ARRAYS | _NUMBER | {FieldType.DATE_RANGE, FieldType.FORMULA}) - {
    FieldType.APP_LINK,
    FieldType.FILE,
}
"""What `has_no_value` works on, as the page lists it."""


def check_filter(app: App, body: Any, hidden: frozenset[str]) -> list[dict[str, str]]:
    """List what is wrong with a filter body: `{field, message}` each, empty if nothing is."""
    if not isinstance(body, dict):
        return [{"field": "", "message": "the filter must be an object of fields"}]
    problems = []
    for field_id, conditions in body.items():
        field = None if field_id in hidden else app.field(field_id)
        if field is None:
            problems.append({"field": field_id, "message": f"{field_id} is not a field of {app.name}"})
        elif not isinstance(conditions, dict):
            problems.append({"field": field_id, "message": "must be an object of conditions"})
        else:
            wrong = (_wrong_condition(field, name, operand) for name, operand in conditions.items())
            problems += [{"field": field_id, "message": message} for message in wrong if message]
    return problems


def matches(app: App, body: Mapping[str, Any], shown: Mapping[str, Any], now: datetime) -> bool:
    """Say whether a record, as it is shown, fits a filter that `check_filter` passed. `now` is aware."""
    return all(check(shown.get(field_id)) for field_id, check in checks_of(app, body, now))


def checks_of(app: App, body: Mapping[str, Any], now: datetime) -> list[tuple[str, Check]]:
    """Take a filter that `check_filter` passed apart: field ids with what their values must fulfil."""
    return [
        (field.id, partial(_holds, _CONDITIONS[name][0], field, operand, now))
        for field, conditions in ((app.field(field_id), body[field_id]) for field_id in body)
        if field is not None
        for name, operand in conditions.items()
    ]


def _holds(condition: _Condition, field: Field, operand: Any, now: datetime, value: Any) -> bool:
    return condition(field, value, operand, now)


def _wrong_condition(field: Field, name: str, operand: Any) -> str | None:
    if name not in _CONDITIONS:
        return f"{name} is not a condition"
    _, types, operand_fits = _CONDITIONS[name]
    if field.type not in types:
        return f"{name} cannot be used on a field of type {field.type}"
    if not operand_fits(field, operand):
        return f"{name} on a field of type {field.type} cannot take {operand!r}"
    return None


def _folded(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


def _comparable(field: Field, value: Any, operand: Any) -> tuple[Any, Any]:
    """Make two values comparable; a date-time against a date is compared by its day."""
    if field.type is FieldType.DATE_TIME and len(operand) == _DATE_LENGTH:
        return value[:_DATE_LENGTH], operand
    if field.type is FieldType.DATE_TIME:
        return _moment(value), _moment(operand)
    return _folded(value), _folded(operand)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _equal(field: Field, value: Any, operand: Any, _now: datetime) -> bool:
    if value is None:
        return False
    left, right = _comparable(field, value, operand)
    return bool(left == right)


def _contains(field: Field, value: Any, operand: Any, _now: datetime) -> bool:
    if field.type in ARRAYS:
        return _has(value, operand if isinstance(operand, list) else [operand], all)
    return value is not None and _folded(operand) in _folded(value)


def _has(value: list[str] | None, wanted: list[str], quantifier: Callable[[list[bool]], bool]) -> bool:
    held = {_folded(member) for member in value or ()}
    return quantifier([_folded(member) in held for member in wanted])


def _ordered(compare: Callable[[Any, Any], bool]) -> _Condition:
    def condition(field: Field, value: Any, operand: Any, _now: datetime) -> bool:
        return value is not None and compare(*_comparable(field, value, operand))

    return condition


def _days_away(field: Field, value: str, now: datetime) -> timedelta:
    """Tell how far `value` lies ahead of now (negative: behind), in whole days for a date."""
    if field.type is FieldType.DATE:
        return date.fromisoformat(value) - now.astimezone(UTC).date()
    return _moment(value) - now


def _within_previous(field: Field, value: Any, operand: int, now: datetime) -> bool:
    return value is not None and -timedelta(days=operand) <= _days_away(field, value, now) <= timedelta(0)


def _within_next(field: Field, value: Any, operand: int, now: datetime) -> bool:
    return value is not None and timedelta(0) <= _days_away(field, value, now) <= timedelta(days=operand)


def _is_today(_field: Field, value: Any, operand: bool, now: datetime) -> bool:
    today = value is not None and value[:_DATE_LENGTH] == now.astimezone(UTC).date().isoformat()
    return today is operand


def _negated(condition: _Condition) -> _Condition:
    return lambda field, value, operand, now: not condition(field, value, operand, now)


def _takes_scalar(field: Field, operand: Any) -> bool:
    if field.type is FieldType.BOOLEAN:
        return isinstance(operand, bool)
    if field.type is FieldType.NUMBER:
        return isinstance(operand, int | float) and not isinstance(operand, bool)
    if field.type in _LOOSE:
        return isinstance(operand, str | int | float)
    return isinstance(operand, str) and (field.type not in MOMENTS or _is_moment(operand))


def _is_moment(operand: str) -> bool:
    try:
        datetime.fromisoformat(operand)
    except ValueError:
        return False
    return True


def _takes_text_or_one(field: Field, operand: Any) -> bool:
    return isinstance(operand, str) or (field.type in ARRAYS and _takes_many(field, operand))


def _takes_many(_field: Field, operand: Any) -> bool:
    return isinstance(operand, list) and all(isinstance(member, str) for member in operand)


def _takes_days(_field: Field, operand: Any) -> bool:
    return isinstance(operand, int) and not isinstance(operand, bool) and operand >= 0


def _takes_boolean(_field: Field, operand: Any) -> bool:
    return isinstance(operand, bool)


_CONDITIONS: Mapping[
    str, tuple[_Condition, frozenset[FieldType], Callable[[Field, Any], bool]]
] = {  # name: (does it hold, on which types, which operands)
    # A list answers to `contains`, not to `equal` (seen against the live API).
    "equal": (_equal, _SCALARS, _takes_scalar),
    "not_equal": (_negated(_equal), _SCALARS, _takes_scalar),
    "contains": (_contains, TEXTS | ARRAYS, _takes_text_or_one),
    "does_not_contain": (_negated(_contains), TEXTS | ARRAYS, _takes_text_or_one),
    "contains_any": (lambda _f, value, many, _n: _has(value, many, any), ARRAYS, _takes_many),
    "contains_all": (lambda _f, value, many, _n: _has(value, many, all), ARRAYS, _takes_many),
    "greater_than": (_ordered(operator.gt), _NUMBER | MOMENTS, _takes_scalar),
    "less_than": (_ordered(operator.lt), _NUMBER | MOMENTS, _takes_scalar),
    "within_previous": (_within_previous, MOMENTS, _takes_days),
    "within_next": (_within_next, MOMENTS, _takes_days),
    "is_today": (_is_today, MOMENTS, _takes_boolean),
    "has_no_value": (lambda _f, value, wanted, _n: (value is None) is wanted, _EMPTIABLE, _takes_boolean),
}
