"""Fusioo's filter conditions over one value of a record. Pure; none of them raises on an odd value.

Each condition is a function of (value, expected, now): the record's value (None: null or absent), what the
rule says, and the change's moment in the account's time zone. The names follow the captions of the vendor's
filter page (v3 reference, "supported conditions"); only `equal`, `not_equal` and `contains` are published
as JSON names, and of the meanings only that case does not count. Where the page is silent they are ours:

* A list of one equals its element, and null equals absent. Of lists of several the order does not count.
* Texts compare without case, and HTML as what it shows, unless HTML is asked for (`texts`).
* A number equals its digits as a text, either way round.
* `contains` looks in a text for letters, in a list for a whole element, in a date range for a day.
* `does_not_contain` and `not_equal` are exactly the opposite of `contains` and `equal`.
* Where one side is a date and the other a moment, days are compared, in the account's time zone.
* A date range is later than a day if all of it is, within a span of days if part of it is (`spans`).
* Where the value has the wrong type the condition is false, and says why.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from service.rules.sameness import same_value, why_not_same
from service.rules.spans import Span, as_span, comparable, days_of
from service.rules.texts import has_text, shows_nothing
from service.rules.values import as_number, is_number, shown, unwrap


class Outcome(NamedTuple):
    """Whether a condition holds; `reason` where the value could not be judged."""

    ok: bool
    reason: str | None = None


Condition = Callable[[Any, Any, datetime], Outcome]


def equal(value: Any, expected: Any, now: datetime) -> Outcome:
    """Is it the same value?"""
    ok = same_value(value, expected, now)
    return Outcome(ok, None if ok else why_not_same(value, expected))


def not_equal(value: Any, expected: Any, now: datetime) -> Outcome:
    """Is it another value, or none?"""
    return _opposite(equal(value, expected, now))


def contains(value: Any, expected: Any, now: datetime) -> Outcome:
    """Does the text have these letters in it, the list this element, the date range this day?"""
    wanted = unwrap(expected)
    span = as_span(unwrap(value), now)
    part = None if span is None else as_span(wanted, now)
    if span is not None and part is not None:
        whole, part = comparable(span, part, now)
        return Outcome(whole.first <= part.first and part.last <= whole.last)
    if isinstance(value, str) and (isinstance(wanted, str) or is_number(wanted)):
        return Outcome(has_text(value, str(wanted)))
    if isinstance(value, list | tuple):
        return Outcome(any(same_value(element, wanted, now) for element in value))
    ok = value is not None and same_value(value, wanted, now)
    return Outcome(ok, None if ok or value in (None, "") else f"{shown(value)} is neither a text nor a list")


def does_not_contain(value: Any, expected: Any, now: datetime) -> Outcome:
    """The opposite of `contains`, so that null does not contain anything."""
    return _opposite(contains(value, expected, now))


def contains_any(value: Any, expected: Any, now: datetime) -> Outcome:
    """Does it contain at least one of these?"""
    return _of_several(any, value, expected, now)


def contains_all(value: Any, expected: Any, now: datetime) -> Outcome:
    """Does it contain every one of these?"""
    return _of_several(all, value, expected, now)


def greater_than(value: Any, expected: Any, now: datetime) -> Outcome:
    """Is the number larger, the date or moment later, all of the date range later?"""
    return _ordered(value, expected, now, larger=True)


def less_than(value: Any, expected: Any, now: datetime) -> Outcome:
    """Is the number smaller, the date or moment earlier, all of the date range earlier?"""
    return _ordered(value, expected, now, larger=False)


def within_previous(value: Any, expected: Any, now: datetime) -> Outcome:
    """Is it today or at most `expected` calendar days ago? The vendor's page: an integer, in days."""
    return _on_days(value, now, lambda days: _meet(days, now.date() - timedelta(days=expected), now.date()))


def within_next(value: Any, expected: Any, now: datetime) -> Outcome:
    """Is it today or at most `expected` calendar days ahead?"""
    return _on_days(value, now, lambda days: _meet(days, now.date(), now.date() + timedelta(days=expected)))


def is_today(value: Any, expected: Any, now: datetime) -> Outcome:
    """Is the day today (`true`), or another day (`false`)? Without a date neither holds."""
    return _on_days(value, now, lambda days: _meet(days, now.date(), now.date()) is expected)


def has_no_value(value: Any, expected: Any, now: datetime) -> Outcome:  # noqa: ARG001  every condition has this shape
    """Is there nothing to see: null, absent, an empty list, an empty text or HTML (`true`), or something?"""
    return Outcome(_is_nothing(value) is expected)


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


def _opposite(outcome: Outcome) -> Outcome:
    return outcome._replace(ok=not outcome.ok)


def _of_several(enough: Callable[[list[bool]], bool], value: Any, expected: Any, now: datetime) -> Outcome:
    wanted = expected if isinstance(expected, list | tuple) else (expected,)
    outcomes = [contains(value, each, now) for each in wanted]
    ok = enough([outcome.ok for outcome in outcomes])
    return Outcome(ok, None if ok else next((each.reason for each in outcomes if each.reason), None))


def _is_nothing(value: Any) -> bool:
    seen = unwrap(value)
    if isinstance(seen, str):
        return shows_nothing(seen.strip("|"))  # a date range without its dates
    return seen is None or (isinstance(seen, list | tuple | Mapping) and not seen)


def _ordered(value: Any, expected: Any, now: datetime, *, larger: bool) -> Outcome:
    seen, wanted = unwrap(value), unwrap(expected)
    if _is_nothing(seen):
        return Outcome(ok=False, reason="there is no value to compare")
    if is_number(wanted):
        number = as_number(seen)
        if number is not None:
            return Outcome(number > wanted if larger else number < wanted)
        return Outcome(ok=False, reason=f"{shown(seen)} is not a number")
    time, bound = as_span(seen, now), as_span(wanted, now)
    if time is None or bound is None:
        odd = seen if time is None else wanted
        return Outcome(ok=False, reason=f"{shown(odd)} is not a date")
    one, other = comparable(time, bound, now)
    return Outcome(one.first > other.last if larger else one.last < other.first)


def _on_days(value: Any, now: datetime, holds: Callable[[Span], bool]) -> Outcome:
    seen = unwrap(value)
    span = as_span(seen, now)
    if span is None:
        reason = "there is no date" if _is_nothing(seen) else f"{shown(seen)} is not a date"
        return Outcome(ok=False, reason=reason)
    return Outcome(holds(days_of(span, now)))


def _meet(days: Span, first: date, last: date) -> bool:
    """Whether at least one day is in both."""
    return days.first <= last and first <= days.last
