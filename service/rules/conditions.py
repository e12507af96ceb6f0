"""Fusioo's filter conditions over one value of a record. Pure; none of them raises on an odd value.

Each condition is a function of (value, expected, now): the record's value (None: null or absent), what the
rule says, and the change's moment in the account's time zone. The names follow the captions of the vendor's
filter page (v3 reference, "supported conditions"); only `equal`, `not_equal` and `contains` are published
as JSON names, and none of the meanings below: they are ours where the page is silent.

* A list of one equals its element, and null equals absent.
* `contains` on a text looks for the exact letters (case counts), on a list for a whole element.
* `does_not_contain` and `not_equal` are exactly the opposite of `contains` and `equal`.
* Where one side is a date and the other a moment, days are compared, in the account's time zone.
* Where the value has the wrong type the condition is false, and says why.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from service.changes.diff import same_json
from service.rules.values import as_number, as_time, day_of, is_number, shown, unwrap


class Outcome(NamedTuple):
    """Whether a condition holds; `reason` where the value could not be judged."""

    ok: bool
    reason: str | None = None


Condition = Callable[[Any, Any, datetime], Outcome]


def equal(value: Any, expected: Any, now: datetime) -> Outcome:
    """Is it the same value? Numbers also as texts (seen live), dates and moments by the calendar."""
    seen, wanted = unwrap(value), unwrap(expected)
    if same_json(seen, wanted):
        return Outcome(ok=True)
    if is_number(wanted) and isinstance(seen, str):
        return Outcome(as_number(seen) == wanted)
    times = as_time(seen), as_time(wanted)
    if times[0] is None or times[1] is None:
        return Outcome(ok=False)
    one, other = _comparable(times[0], times[1], now)
    return Outcome(one == other)


def not_equal(value: Any, expected: Any, now: datetime) -> Outcome:
    """Is it another value, or none?"""
    return Outcome(not equal(value, expected, now).ok)


def contains(value: Any, expected: Any, now: datetime) -> Outcome:
    """Does the text have these letters in it, or the list this element? Null contains nothing."""
    wanted = unwrap(expected)
    if isinstance(value, str) and isinstance(wanted, str):
        return Outcome(wanted in value)
    elements = value if isinstance(value, list | tuple) else () if value is None else (value,)
    return Outcome(any(equal(element, wanted, now).ok for element in elements))


def does_not_contain(value: Any, expected: Any, now: datetime) -> Outcome:
    """The opposite of `contains`, so that null does not contain anything."""
    return Outcome(not contains(value, expected, now).ok)


def contains_any(value: Any, expected: Any, now: datetime) -> Outcome:
    """Does it contain at least one of these?"""
    return Outcome(any(contains(value, wanted, now).ok for wanted in _several(expected)))


def contains_all(value: Any, expected: Any, now: datetime) -> Outcome:
    """Does it contain every one of these?"""
    return Outcome(all(contains(value, wanted, now).ok for wanted in _several(expected)))


def greater_than(value: Any, expected: Any, now: datetime) -> Outcome:
    """Is the number larger, the date or moment later?"""
    return _ordered(value, expected, now, lambda seen, wanted: seen > wanted)


def less_than(value: Any, expected: Any, now: datetime) -> Outcome:
    """Is the number smaller, the date or moment earlier?"""
    return _ordered(value, expected, now, lambda seen, wanted: seen < wanted)


def within_previous(value: Any, expected: Any, now: datetime) -> Outcome:
    """Is it today or at most `expected` calendar days ago? The vendor's page: an integer, in days."""
    return _on_day(value, now, lambda day: now.date() - timedelta(days=expected) <= day <= now.date())


def within_next(value: Any, expected: Any, now: datetime) -> Outcome:
    """Is it today or at most `expected` calendar days ahead?"""
    return _on_day(value, now, lambda day: now.date() <= day <= now.date() + timedelta(days=expected))


def is_today(value: Any, expected: Any, now: datetime) -> Outcome:
    """Is the day today (`true`), or another day (`false`)? Without a date neither holds."""
    return _on_day(value, now, lambda day: (day == now.date()) is expected)


def has_no_value(value: Any, expected: Any, now: datetime) -> Outcome:  # noqa: ARG001  every condition has this shape
    """Is it null, absent, an empty text or an empty list (`true`), or none of these (`false`)?"""
    return Outcome((value is None or value in ("", [], ())) is expected)


CONDITIONS: Mapping[str, Condition] = {
    condition.__name__: condition
    for condition in (
        equal,
        not_equal,
        contains,
        does_not_contain,
        contains_any,
        contains_all,
        greater_than,
        less_than,
        within_previous,
        within_next,
        is_today,
        has_no_value,
    )
}


def _several(expected: Any) -> tuple[Any, ...]:
    return tuple(expected) if isinstance(expected, list | tuple) else (expected,)


def _comparable(one: date, other: date, now: datetime) -> tuple[date, date]:
    """Two moments as they are; as soon as one is a mere date, both as days."""
    if isinstance(one, datetime) and isinstance(other, datetime):
        return one, other
    return day_of(one, now), day_of(other, now)


def _ordered(value: Any, expected: Any, now: datetime, holds: Callable[[Any, Any], bool]) -> Outcome:
    seen, wanted = unwrap(value), unwrap(expected)
    if seen is None:
        return Outcome(ok=False, reason="there is no value to compare")
    if is_number(wanted):
        number = as_number(seen)
        if number is not None:
            return Outcome(holds(number, wanted))
        return Outcome(ok=False, reason=f"{shown(seen)} is not a number")
    time, bound = as_time(seen), as_time(wanted)
    if time is None or bound is None:
        odd = seen if time is None else wanted
        return Outcome(ok=False, reason=f"{shown(odd)} is not a date")
    return Outcome(holds(*_comparable(time, bound, now)))


def _on_day(value: Any, now: datetime, holds: Callable[[date], bool]) -> Outcome:
    seen = unwrap(value)
    time = as_time(seen)
    if time is None:
        reason = "there is no date" if seen is None else f"{shown(seen)} is not a date"
        return Outcome(ok=False, reason=reason)
    return Outcome(holds(day_of(time, now)))
