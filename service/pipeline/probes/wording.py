"""How durations, counts and long lists are written for people. Pure."""

from collections.abc import Sequence
from datetime import timedelta

from service.clock import format_duration
from service.db.counting import COUNTED_AT_MOST

_NAMED = 10


def spell(duration: timedelta) -> str:
    """Write a duration in whole seconds: `12m5s`."""
    return format_duration(timedelta(seconds=round(duration.total_seconds())))


def counted(number: int, one: str, many: str) -> str:
    """Write a count that stops at `COUNTED_AT_MOST`: `1 run`, `7 runs`, `10000 or more runs`."""
    if number >= COUNTED_AT_MOST:
        return f"{number} or more {many}"
    return f"{number} {one if number == 1 else many}"


def named(names: Sequence[str]) -> str:
    """List names, the first few of many: `a, b and 17 more`."""
    if len(names) <= _NAMED:
        return ", ".join(names)
    return f"{', '.join(names[:_NAMED])} and {len(names) - _NAMED} more"
