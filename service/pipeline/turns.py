"""Whether a look begins now: what `budget.pacing` says of an account's apps, and who is next. Pure."""

from dataclasses import dataclass

from service.budget.pacing import Standing, gap_before, whose_turn
from service.records.waiting import Backlog

_AT_ONCE = 0.01
"""Seconds that are no reason to come back another time."""
TURN_LASTS = 2.0
"""Seconds within which an app has to take its turn: longer than a doorbell takes, also one of the sweep."""


@dataclass(frozen=True, slots=True)
class Pause:
    """The look does not begin: in how many seconds to ask again, and which app is to look instead."""

    seconds: float
    instead: str | None = None


def pause_for(standing: Standing, backlog: Backlog, app_id: str) -> Pause | None:
    """Say whether this app's look must wait; None: it begins now.

    Where there is a gap between calls, a look is the most urgent app's. One that does not take its turn loses
    it, so that an app whose looks never begin holds up no other. `standing` has a free call.
    """
    gap = gap_before(standing, backlog.waiting, app_id)
    since = standing.since_last
    if gap == 0 or since is None:
        return None
    if gap - since > _AT_ONCE:
        return Pause(gap - since)
    first = whose_turn(backlog.next, gap)
    within = min(gap, TURN_LASTS)
    if first in {None, app_id} or since >= gap + within - _AT_ONCE:
        return None
    return Pause(within, instead=first)
