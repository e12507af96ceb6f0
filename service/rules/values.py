"""Reading a provider's values for comparison: lists of one, numbers, days and moments. Pure.

What arrives on the wire is in the value table of the vendor facts: a single select comes as a list of one
text, a number of an old app as a text, system stamps without an offset (they are UTC).
"""

import json
import re
from datetime import UTC, date, datetime
from typing import Any

_NUMBER = re.compile(r"-?\d{1,30}(\.\d{1,30})?", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?", re.ASCII)


def unwrap(value: Any) -> Any:
    """A list of one is its element; everything else is itself."""
    while isinstance(value, list | tuple) and len(value) == 1:
        value = value[0]
    return value


def is_number(value: Any) -> bool:
    """Is it a JSON number? A boolean is none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def as_number(value: Any) -> int | float | None:
    """The number that a JSON number or a plain decimal text stands for, else None."""
    if is_number(value):
        return value  # type: ignore[no-any-return]  # is_number has looked
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return float(value) if "." in value else int(value)
    return None


def as_time(value: Any) -> date | datetime | None:
    """A `date` from `2024-09-30`, an aware `datetime` from `2024-09-30T07:00:00-0500`, else None.

    Without an offset a moment is UTC, as Fusioo's own stamps are.
    """
    if not isinstance(value, str) or not value[:1].isdigit():
        return None
    try:
        if _DAY.fullmatch(value):
            return date.fromisoformat(value)
        if _MOMENT.fullmatch(value):
            moment = datetime.fromisoformat(value)
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    except ValueError:  # the shape is right, the calendar is not: 2024-02-31
        return None
    return None


def day_of(time: date | datetime, now: datetime) -> date:
    """The day of a date or of a moment, in the zone of `now`. A date is never shifted by a zone."""
    if not isinstance(time, datetime):
        return time
    try:
        return time.astimezone(now.tzinfo).date()
    except OverflowError:  # a moment in the first or last hours of the calendar
        return time.date()


def shown(value: Any, limit: int = 80) -> str:
    """A value as a reason shows it, cut to `limit` characters."""
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    written = repr(value[:limit] if isinstance(value, str) else value)
    return written if len(written) <= limit else f"{written[: limit - 1]}…"
