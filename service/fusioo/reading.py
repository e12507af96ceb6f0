"""A field's value on the wire → a Python value, by kind. Pure, and never a guess.

Source of the shapes: the value table of the vendor facts. What has another shape raises MisfitError, whose
text names the sort of the value, never the value: it is the content of somebody's record.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from typing import Any, NamedTuple

from service.fusioo.kinds import ValueKind
from service.fusioo.links import ids_in
from service.fusioo.moments import read_day, read_moment, read_stamp
from service.fusioo.numbers import is_number, read_decimal
from service.fusioo.problems import MisfitError, sort_of

_SIDES = 2


class DateRange(NamedTuple):
    """From one day or moment to another; a side that is not set is None."""

    start: date | datetime | None
    end: date | datetime | None


@dataclass(frozen=True, slots=True)
class Reading:
    """What may be read into values, where the wire does not say it."""

    numbers_from_text: bool = False
    """Whether `"12.5"` in a number field is a number; some old apps write numbers as texts (seen live)."""
    zone: tzinfo | None = None
    """Where a date-time without an offset is meant; None: it stays as it came, and is named as a misfit."""
    stamp_zone: tzinfo = UTC
    """Where system stamps without an offset are meant."""


def read_value(raw: Any, kind: ValueKind, reading: Reading) -> Any:
    """Read a value; null is None, whatever the kind.

    TEXT: str · NUMBER: int or float · DATE: date · DATE_TIME: aware datetime, or date where it came without a
    time · DATE_RANGE: DateRange · LIST, NAMES, LINKS, FILES: tuple of str · YES_NO: bool · STAMP: aware
    datetime in UTC · AUTO_NUMBER: int or str · COMPUTED, RAW: as it came. Raises MisfitError.
    """
    return None if raw is None else _READERS[kind](raw, reading)


def _text(raw: Any, _reading: Reading) -> str:
    if isinstance(raw, str):
        return raw
    raise _misfit(raw, "a text")


def _number(raw: Any, reading: Reading) -> int | float:
    if is_number(raw):
        return raw  # type: ignore[no-any-return]  # is_number has looked
    if not isinstance(raw, str):
        raise _misfit(raw, "a number")
    if not reading.numbers_from_text:
        raise _misfit(raw, "a number; read it with numbers_from_text=True if it means one")
    return read_decimal(raw)


def _date(raw: Any, _reading: Reading) -> date:
    day = read_day(raw)
    if day is None:
        raise _misfit(raw, "a day like 2024-09-30")
    return day


def _date_time(raw: Any, reading: Reading) -> date | datetime:
    day, moment = read_day(raw), read_moment(raw)
    if day is not None:
        return day
    if moment is None:
        raise _misfit(raw, "a moment like 2016-09-15T07:00:00-0500")
    if moment.tzinfo is not None:
        return moment
    if reading.zone is None:
        raise MisfitError("is a moment without an offset; say with zone= where it is meant")
    return moment.replace(tzinfo=reading.zone)


def _date_range(raw: Any, reading: Reading) -> DateRange:
    sides = [side.strip() for side in raw.split("|")] if isinstance(raw, str) else []
    if len(sides) != _SIDES:
        raise _misfit(raw, "two days or moments with a vertical bar between them")
    start, end = (_date_time(side, reading) if side else None for side in sides)
    return DateRange(start, end)


def _texts(raw: Any, _reading: Reading) -> tuple[str, ...]:
    if isinstance(raw, list | tuple) and all(isinstance(member, str) for member in raw):
        return tuple(raw)
    raise _misfit(raw, "a list of texts")


def _links(raw: Any, _reading: Reading) -> tuple[str, ...]:
    return ids_in(raw)


def _yes_no(raw: Any, _reading: Reading) -> bool:
    if isinstance(raw, bool):
        return raw
    raise _misfit(raw, "true or false")


def _auto_number(raw: Any, _reading: Reading) -> int | str:
    if isinstance(raw, int | str) and not isinstance(raw, bool):
        return raw
    raise _misfit(raw, "a whole number or a text")


def _stamp(raw: Any, reading: Reading) -> datetime:
    moment = read_stamp(raw, reading.stamp_zone)
    if moment is None:
        raise _misfit(raw, "a moment like 2023-09-23T20:07:12")
    return moment


def _as_it_came(raw: Any, _reading: Reading) -> Any:
    return raw


def _misfit(raw: Any, wanted: str) -> MisfitError:
    return MisfitError(f"is {sort_of(raw)}, not {wanted}")


_READERS: Mapping[ValueKind, Callable[[Any, Reading], Any]] = {
    ValueKind.TEXT: _text,
    ValueKind.NUMBER: _number,
    ValueKind.DATE: _date,
    ValueKind.DATE_TIME: _date_time,
    ValueKind.DATE_RANGE: _date_range,
    ValueKind.LIST: _texts,
    ValueKind.NAMES: _texts,
    ValueKind.LINKS: _links,
    ValueKind.FILES: _texts,
    ValueKind.YES_NO: _yes_no,
    ValueKind.COMPUTED: _as_it_came,
    ValueKind.AUTO_NUMBER: _auto_number,
    ValueKind.STAMP: _stamp,
    ValueKind.RAW: _as_it_came,
}
