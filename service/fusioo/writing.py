"""A Python value → a field's value on the wire, by kind. Pure: the other direction of fusioo/reading.py.

What does not fit the field raises MisfitError. A text that already has the wire's form passes.
"""

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime, tzinfo
from decimal import Decimal
from typing import Any

from service.fusioo.kinds import SET_BY_FUSIOO, ValueKind
from service.fusioo.links import is_id
from service.fusioo.models import AppField
from service.fusioo.moments import read_day, read_moment, write_moment
from service.fusioo.near import meant
from service.fusioo.numbers import is_number, write_decimal
from service.fusioo.problems import MisfitError, shown
from service.fusioo.reading import DateRange


def write_value(value: Any, kind: ValueKind, field: AppField, zone: tzinfo | None = None) -> Any:
    """Write a value for `field`; None is null, which empties the field.

    TEXT: str · NUMBER: int, float, Decimal · DATE: date · DATE_TIME: aware datetime (a naive one is meant in
    `zone`, if that is given; fractions of a second are cut off), date · DATE_RANGE: DateRange · LIST, NAMES:
    one str or several · LINKS, FILES: one or several ids, or things that have an id · YES_NO: bool · RAW:
    JSON. Raises MisfitError, also for what only Fusioo sets.
    """
    if kind in SET_BY_FUSIOO:
        raise MisfitError("can't be set, Fusioo sets it")
    return None if value is None else _WRITERS[kind](value, field, zone)


def _text(value: Any, _field: AppField, _zone: tzinfo | None) -> str:
    if isinstance(value, str):
        return value
    raise MisfitError(f"{shown(value)} is not a text")


def _number(value: Any, _field: AppField, _zone: tzinfo | None) -> int | float:
    if is_number(value):
        return value  # type: ignore[no-any-return]  # is_number has looked
    if isinstance(value, Decimal):
        return write_decimal(value)
    raise MisfitError(f"{shown(value)} is not a number")


def _date(value: Any, _field: AppField, _zone: tzinfo | None) -> str:
    if isinstance(value, datetime):
        raise MisfitError(f"{value.isoformat()} is a moment; which day it is depends on a zone: pass a date")
    day = value if isinstance(value, date) else read_day(value)
    if day is None:
        raise MisfitError(f"{shown(value)} is not a day; pass a date, or a text like 2024-09-30")
    return day.isoformat()


def _date_time(value: Any, field: AppField, zone: tzinfo | None) -> str:
    moment = value if isinstance(value, datetime) else read_moment(value)
    if moment is None:
        return _date(value, field, zone)
    if moment.utcoffset() is None:
        if zone is None:
            raise MisfitError(f"{moment.isoformat()} has no time zone; give it one, or say zone=")
        moment = moment.replace(tzinfo=zone)
    return write_moment(moment)


def _date_range(value: Any, field: AppField, zone: tzinfo | None) -> str:
    sides = tuple(value.split("|")) if isinstance(value, str) else value
    if not isinstance(sides, tuple) or len(sides) != len(DateRange._fields):
        raise MisfitError(f"{shown(value)} is not a DateRange of a start and an end")
    return "|".join(
        ""
        if side is None or side == ""
        else _date_time(side.strip() if isinstance(side, str) else side, field, zone)
        for side in sides
    )


def _options(value: Any, field: AppField, _zone: tzinfo | None) -> list[str]:
    members = _one_or_several(value, field)
    for member in members:
        if not isinstance(member, str):
            raise MisfitError(f"{shown(member)} is not a text")
        if field.items and member not in field.items:
            raise MisfitError(f"{member!r} is not one of its options{meant(member, field.items)}")
    return members


def _ids(value: Any, field: AppField, _zone: tzinfo | None) -> list[str]:
    return [_id_of(member) for member in _one_or_several(value, field)]


def _id_of(thing: Any) -> str:
    found = thing.get("id") if isinstance(thing, Mapping) else getattr(thing, "id", thing)
    if isinstance(found, str) and is_id(found):
        return found
    raise MisfitError(f"{shown(thing)} is not an id, nor anything that has one")


def _one_or_several(value: Any, field: AppField) -> list[Any]:
    members = list(value) if isinstance(value, list | tuple) else [value]
    if len(members) > 1 and field.allow_multiple is False:
        raise MisfitError(f"takes one value, not {len(members)}")
    return members


def _yes_no(value: Any, _field: AppField, _zone: tzinfo | None) -> bool:
    if isinstance(value, bool):
        return value
    raise MisfitError(f"{shown(value)} is not True or False")


def _raw(value: Any, _field: AppField, _zone: tzinfo | None) -> Any:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        raise MisfitError(f"{shown(value)} is not JSON, and how its type is written is not known") from None
    return value


_WRITERS: Mapping[ValueKind, Callable[[Any, AppField, tzinfo | None], Any]] = {
    ValueKind.TEXT: _text,
    ValueKind.NUMBER: _number,
    ValueKind.DATE: _date,
    ValueKind.DATE_TIME: _date_time,
    ValueKind.DATE_RANGE: _date_range,
    ValueKind.LIST: _options,
    ValueKind.NAMES: _options,
    ValueKind.LINKS: _ids,
    ValueKind.FILES: _ids,
    ValueKind.YES_NO: _yes_no,
    ValueKind.RAW: _raw,
}
