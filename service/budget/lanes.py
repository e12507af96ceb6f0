"""What a call is for, and how much of an account's budget that may take. Pure."""

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from math import floor


class Lane(StrEnum):
    """What a call is for, the most important first."""

    PEOPLE = "people"
    """What a person asks for and waits for: `relay apps`."""
    REGISTRATIONS = "registrations"
    """Webhooks at the provider: without them we hear of nothing."""
    SETTLE = "settle"
    EXPAND = "expand"
    """Linked records, for rules with `expand`."""
    HANDLERS = "handlers"
    """The handlers' own calls."""
    CONFIRM = "confirm"
    """One record asked for alone: is it deleted, hidden, or another app's?"""
    RECONCILE = "reconcile"
    BACKFILL = "backfill"


@dataclass(frozen=True, slots=True)
class _Share:
    up_to: float
    """It makes a call while less than this share is used, by all lanes: what matters more still finds one."""
    own: float | None = None
    """The share that its own calls may take; None: all that."""


_SHARES = {
    Lane.SETTLE: _Share(1.0),
    Lane.EXPAND: _Share(0.95),
    Lane.HANDLERS: _Share(0.9, own=0.3),
    Lane.CONFIRM: _Share(0.8, own=0.05),
    Lane.RECONCILE: _Share(0.8, own=0.2),
    Lane.BACKFILL: _Share(0.6),
}
"""Of what is not in reserve (`up_to`), and of all calls (`own`). Other lanes may use everything."""


@dataclass(frozen=True, slots=True)
class Limit:
    """An account's budget: so many calls in a moving window, a part of it kept in reserve."""

    calls: int
    window: timedelta
    reserve: float = 0.1
    """The share that only people and registrations may use."""

    def usable(self, lane: Lane) -> int:
        """How many calls of all lanes may count when this lane makes another; at least one."""
        if lane not in _SHARES:
            return self.calls
        unreserved = max(1, self.calls - round(self.calls * self.reserve))
        return _part(_SHARES[lane].up_to, unreserved)

    def own(self, lane: Lane) -> int | None:
        """How many of them may be this lane's own; at least one. None: all."""
        share = _SHARES.get(lane)
        return None if share is None or share.own is None else _part(share.own, self.calls)

    def held_to(self, ceiling: int) -> "Limit":
        """Give the same budget with no more calls than that; every share shrinks with it."""
        return replace(self, calls=max(1, min(self.calls, ceiling)))


def _part(share: float, calls: int) -> int:
    # A hundredth of a call more, for floats: 0.95 of 20 is 19.
    return max(1, floor(share * calls + 0.01))
