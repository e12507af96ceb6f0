"""Whether a filter may be asked of an app, and which records it fits (Get Records by Query)."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from service.dev.simulators.onspring.filter_parsing import (
    Comparison,
    Filter,
    Joined,
    Negation,
    Operand,
    Operator,
)
from service.dev.simulators.onspring.moments import read_moment
from service.dev.simulators.onspring.reading import held
from service.dev.simulators.onspring.records import Record
from service.dev.simulators.onspring.schema import AppField, Kind
from service.dev.simulators.onspring.state import OnspringState

_PLAIN: tuple[Operator, ...] = ("eq", "ne", "isnull", "notnull")
_APPLICABLE: dict[Kind, tuple[Operator, ...]] = {
    "text": _PLAIN,
    "number": (*_PLAIN, "lt", "gt"),
    "date": (*_PLAIN, "lt", "gt"),
    "list": ("contains",),
}
_OPERANDS: dict[Kind, str] = {"text": "text", "number": "number", "date": "date", "list": "text"}
_WRITTEN: dict[str, str] = {
    "text": "a text in single quotes",
    "number": "a number",
    "date": "datetime'…'",
}


def check_filter(wanted: Filter, fields: Mapping[int, AppField]) -> None:
    """Raise ValueError for what an app with these fields, by id, cannot be asked."""
    match wanted:
        case Joined():
            for part in wanted.parts:
                check_filter(part, fields)
        case Negation():
            check_filter(wanted.inner, fields)
        case Comparison():
            _check(wanted, fields)


def matches(state: OnspringState, wanted: Filter, record: Record) -> bool:
    """Say whether a record fits a filter that was checked."""
    match wanted:
        case Joined(joint="and"):
            return all(matches(state, part, record) for part in wanted.parts)
        case Joined():
            return any(matches(state, part, record) for part in wanted.parts)
        case Negation():
            return not matches(state, wanted.inner, record)
        case Comparison():
            return _holds(state, wanted, record)


def _check(wanted: Comparison, fields: Mapping[int, AppField]) -> None:
    field = fields.get(wanted.field_id)
    if field is None:
        raise ValueError(f"field {wanted.field_id} of the filter could not be found")
    kind = field.kind
    if kind is None or wanted.operator not in _APPLICABLE[kind]:
        raise ValueError(f"{wanted.operator} is not for field {field.id}, of the type {field.type}")
    operand = wanted.operand
    if operand is None:
        return
    if operand.kind != _OPERANDS[kind]:
        raise ValueError(f"field {field.id} is compared with {_WRITTEN[_OPERANDS[kind]]}")
    if operand.kind == "date":
        read_moment(operand.text)


def _holds(state: OnspringState, wanted: Comparison, record: Record) -> bool:
    field = state.fields[wanted.field_id]
    value = held(state, record, field)
    operand = wanted.operand
    if operand is None:
        return (value is None) is (wanted.operator == "isnull")
    if wanted.operator == "contains":
        named = {listed.id: listed.name for listed in state.values_of(field)}
        return any(operand.text.lower() in {one.lower(), named.get(one, "").lower()} for one in value or ())
    if value is None:
        return wanted.operator == "ne"  # a guess: what is not set does not equal anything
    fold = state.settings.text_case == "ignored"
    return _COMPARED[wanted.operator](_comparable(value, fold=fold), _comparable(_read(operand), fold=fold))


def _read(operand: Operand) -> str | float | datetime:
    match operand.kind:
        case "number":
            return float(operand.text)
        case "date":
            return read_moment(operand.text)
        case "text":
            return operand.text


def _comparable(value: Any, *, fold: bool) -> Any:
    if isinstance(value, datetime):
        return value.replace(microsecond=0)  # as it is shown: a date that was read finds itself
    return value.casefold() if fold and isinstance(value, str) else value


_COMPARED: dict[Operator, Callable[[Any, Any], bool]] = {
    "eq": lambda value, operand: bool(value == operand),
    "ne": lambda value, operand: bool(value != operand),
    "lt": lambda value, operand: bool(value < operand),
    "gt": lambda value, operand: bool(value > operand),
}
