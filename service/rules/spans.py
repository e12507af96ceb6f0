"""Dates, moments and date ranges as spans of time. Pure.

A date range arrives as one text, its parts split by a vertical bar: `2024-09-01|2024-09-30` (vendor facts,
value table). With one part only it is that day. Everything else that is a time begins and ends with itself.
"""

from datetime import date, datetime
from typing import Any, NamedTuple

from service.rules.values import as_time, day_of


class Span(NamedTuple):
    """From the first to the last, both included."""

    first: date
    """A `date`, or an aware `datetime`."""
    last: date


def as_span(value: Any, now: datetime) -> Span | None:
    """The span of a date, a moment or a date range; None for anything else."""
    if not isinstance(value, str):
        return None
    parts = [as_time(part.strip()) for part in value.split("|") if part.strip()] if "|" in value else []
    if not parts:
        time = as_time(value)
        return None if time is None else Span(time, time)
    times = [part for part in parts if part is not None]
    if len(times) < len(parts):
        return None
    return _ordered(times, now)


def days_of(span: Span, now: datetime) -> Span:
    """The days of a span, in the zone of `now`."""
    return Span(day_of(span.first, now), day_of(span.last, now))


def comparable(one: Span, other: Span, now: datetime) -> tuple[Span, Span]:
    """Moments as they are; as soon as a mere date is among them, all as days."""
    if all(isinstance(time, datetime) for time in (*one, *other)):
        return one, other
    return days_of(one, now), days_of(other, now)


def _ordered(times: list[date], now: datetime) -> Span:
    if all(isinstance(time, datetime) for time in times):
        return Span(min(times), max(times))
    days = [day_of(time, now) for time in times]
    return Span(min(days), max(days))
