"""A field's value as a column takes it. Pure; a value that does not fit is not bent until it does."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from service.handlers.builtin.postgres_options import Column, ColumnType
from service.rules.values import as_number, as_time, is_number, shown, unwrap

_BIGINT = range(-(2**63), 2**63)
_SHOWN = 40


class Row(NamedTuple):
    """The typed columns of one record."""

    values: Mapping[str, Any]
    """By column, JSON values that Postgres reads as the column's type."""
    misfits: Mapping[str, str]
    """By column, why it is NULL although the field has a value."""


def row_of(record: Mapping[str, Any], columns: Mapping[str, Column]) -> Row:
    """Read the typed columns of a record. Null and absent are NULL, and no misfit."""
    values: dict[str, Any] = {}
    misfits: dict[str, str] = {}
    for name, column in columns.items():
        given = record.get(column.field or name)
        values[name] = None
        if given is None:
            continue
        read = _READERS[column.type](given)
        if read is None:
            misfits[name] = f"{shown(given, _SHOWN)} is no {column.type}"
        values[name] = read
    return Row(values, misfits)


def _text(value: Any) -> str | None:
    one = unwrap(value)
    if isinstance(one, bool):
        return "true" if one else "false"
    return str(one) if isinstance(one, str | int | float) else None


def _numeric(value: Any) -> Any:
    return as_number(unwrap(value))


def _bigint(value: Any) -> int | None:
    number = as_number(unwrap(value))
    if not is_number(number) or number is None or number != int(number):
        return None
    return int(number) if int(number) in _BIGINT else None


def _boolean(value: Any) -> bool | None:
    one = unwrap(value)
    return one if isinstance(one, bool) else None


def _date(value: Any) -> str | None:
    """A day as it is written; a moment is none, for its day depends on where one is."""
    one = unwrap(value)
    time = as_time(one)
    return one if time is not None and not hasattr(time, "tzinfo") else None


def _timestamptz(value: Any) -> str | None:
    time = as_time(unwrap(value))
    return time.isoformat() if time is not None and hasattr(time, "tzinfo") else None


def _anything(value: Any) -> Any:
    return value


def _texts(value: Any) -> list[str] | None:
    several = value if isinstance(value, list | tuple) else [value]
    return list(several) if all(isinstance(each, str) for each in several) else None


_READERS: Mapping[ColumnType, Callable[[Any], Any]] = {
    "text": _text,
    "numeric": _numeric,
    "bigint": _bigint,
    "boolean": _boolean,
    "date": _date,
    "timestamptz": _timestamptz,
    "jsonb": _anything,
    "text[]": _texts,
}
