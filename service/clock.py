"""Durations and moments as people write them: `5s`, `2m`, `1h`, `7d`, `250ms`; `2026-11-22T05:00`.

What is stored or compared in the database uses the database's clock; this module never asks the time of
the machine for that.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")


def parse_duration(text: object) -> timedelta:
    """Turn `"90s"` or `"1h30m"` into a timedelta.

    Raises ValueError for anything else, bare numbers included: a number without a unit is a guess.
    """
    if isinstance(text, timedelta):
        return text
    compact = text.replace(" ", "") if isinstance(text, str) else ""
    parts = _DURATION.findall(compact)
    if not parts or "".join(number + unit for number, unit in parts) != compact:
        message = f"{text!r} is not a duration; write a number and a unit, like 250ms, 5s, 2m, 1h or 7d"
        raise ValueError(message)
    try:
        return timedelta(seconds=sum(float(number) * _UNITS[unit] for number, unit in parts))
    except OverflowError:
        message = f"{text!r} is longer than a duration can be"
        raise ValueError(message) from None


def format_duration(duration: timedelta) -> str:
    """Write a duration the way `parse_duration` reads it, in the largest units that fit: `1h30m`."""
    left = round(duration.total_seconds() * 1000)
    if left == 0:
        return "0s"
    written = ""
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)):
        count, left = divmod(left, size)
        written += f"{count}{unit}" if count else ""
    return written


Duration = Annotated[timedelta, BeforeValidator(parse_duration), PlainSerializer(format_duration)]
"""A pydantic field type: a timedelta written as `5s`, `2m`, `1h`."""


def parse_moment(text: str) -> datetime:
    """Turn `2026-11-22` or `2026-11-22T05:00:00Z` into an aware moment; without an offset it is UTC.

    Raises ValueError, which says what to write.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        message = f"{text!r} is no moment; write how long ago, like 7d, or a moment like 2026-11-22T05:00"
        raise ValueError(message) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def parse_past(text: str) -> timedelta | datetime:
    """Turn `7d` into how long ago, and anything else into a moment. Raises ValueError, as `parse_moment`."""
    try:
        return parse_duration(text)
    except ValueError:
        return parse_moment(text)


def iso(moment: datetime) -> str:
    """Write an aware moment as `2026-11-22T05:00:00Z` (milliseconds only where there are any)."""
    utc = moment.astimezone(UTC)
    return utc.isoformat(timespec="milliseconds" if utc.microsecond else "seconds").replace("+00:00", "Z")
