"""How much of a walk is left: calls, and time. Pure."""

from dataclasses import dataclass
from math import ceil

from service.walks.due import ROWS_PER_CALL, walk_cost
from service.walks.repository import Walk


@dataclass(frozen=True, slots=True)
class Pace:
    """What a walk may cost, and how fast it goes."""

    free: int
    """How many calls its lane has now."""
    usable: int
    """How many it has in a window that nobody else uses."""
    window: float
    """Seconds."""
    per_call: float
    """Seconds that a call takes, with what is stored of it."""


def calls_left(walk: Walk, rows_per_call: int = ROWS_PER_CALL) -> int | None:
    """Say about how many calls a walk still takes, the last count included; None: nobody knows yet."""
    if walk.since is not None or walk.expected is None:
        return None
    return walk_cost(max(0, walk.expected - walk.seen), rows_per_call) - 1


def seconds_left(calls: int, pace: Pace) -> float:
    """Say about how long so many calls take: what is free now at once, the others as calls come back."""
    windows = ceil(max(0, calls - pace.free) / max(1, pace.usable))
    return calls * pace.per_call + windows * pace.window
