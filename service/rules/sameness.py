"""Whether a value of a record is what a rule asks for. Pure; nothing here raises on an odd value."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from service.changes.diff import same_json
from service.rules.spans import as_span, comparable
from service.rules.texts import same_text
from service.rules.values import as_number, is_number, shown, unwrap


def same_value(value: Any, expected: Any, now: datetime) -> bool:
    """The same? Lists in any order, numbers also as texts, texts without case, times by the calendar."""
    seen, wanted = unwrap(value), unwrap(expected)
    if isinstance(seen, list | tuple) and isinstance(wanted, list | tuple):
        return _same_elements(seen, wanted, now)
    if same_json(seen, wanted):
        return True
    if isinstance(seen, Mapping) and isinstance(wanted, str):
        return any(same_value(seen.get(key), wanted, now) for key in ("id", "value"))
    if is_number(wanted) or is_number(seen):
        return _same_number(seen, wanted)
    if not isinstance(seen, str) or not isinstance(wanted, str):
        return False
    return _same_time(seen, wanted, now) or same_text(seen, wanted)


def why_not_same(value: Any, expected: Any) -> str | None:
    """What makes it impossible that they are the same, in words for whoever wrote the rule."""
    seen, wanted = unwrap(value), unwrap(expected)
    if seen is None or seen in ("", [], ()) or wanted is None or isinstance(wanted, list | tuple):
        return None
    if isinstance(seen, list | tuple):
        return f"it is a list of {len(seen)}; to ask for one of its elements use contains"
    if isinstance(seen, bool) or isinstance(wanted, bool):
        return _why_not_same_flag(seen, wanted)
    if is_number(wanted) and as_number(seen) is None:
        return f"{shown(seen)} is not a number"
    if is_number(seen) and as_number(wanted) is None:
        return f"{shown(seen)} is a number, and {shown(wanted)} is none"
    return None


def _why_not_same_flag(seen: Any, wanted: Any) -> str | None:
    if isinstance(seen, bool) and isinstance(wanted, bool):
        return None
    if isinstance(seen, bool):
        return (
            f"it is either true or false, and {shown(wanted)} is neither; write true or false, without quotes"
        )
    return f"{shown(seen)} is neither true nor false"


def _same_elements(seen: Sequence[Any], wanted: Sequence[Any], now: datetime) -> bool:
    """Each of them finds a partner of its own."""
    if len(seen) != len(wanted):
        return False
    left = list(seen)
    for each in wanted:
        partner = next((index for index, other in enumerate(left) if same_value(other, each, now)), None)
        if partner is None:
            return False
        del left[partner]
    return True


def _same_number(seen: Any, wanted: Any) -> bool:
    """A number equals its digits as a text (old apps send numbers so)."""
    numbers = as_number(seen), as_number(wanted)
    return None not in numbers and numbers[0] == numbers[1]


def _same_time(seen: str, wanted: str, now: datetime) -> bool:
    spans = as_span(seen, now), as_span(wanted, now)
    if spans[0] is None or spans[1] is None:
        return False
    one, other = comparable(spans[0], spans[1], now)
    return one == other
