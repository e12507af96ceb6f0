"""Whether a look begins now: what `budget.pacing` says of an account's apps, and who is next. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from service.budget.pacing import Standing, Waiting, gap_before, whose_turn
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
    it to the next most urgent, so that an app whose looks never begin holds up no other for long. `standing`
    has a free call.
    """
    gap = gap_before(standing, backlog.waiting, app_id)
    since = standing.since_last
    if gap == 0 or since is None:
        return None
    if gap - since > _AT_ONCE:
        return Pause(gap - since)
    within = min(gap, TURN_LASTS)
    lost = int((since - gap + _AT_ONCE) / within)
    turns = _in_turn(backlog.next, gap, lost + 1)
    if app_id in turns or lost >= len(turns):
        return None
    return Pause(within, instead=turns[lost])


def _in_turn(waiting: Sequence[Waiting], gap: float, most: int) -> list[str]:
    """List the apps, the most urgent first, as many as there are or `most`."""
    left, turns = list(waiting), list[str]()
    while len(turns) < most and (first := whose_turn(left, gap)) is not None:
        turns.append(first)
        left = [each for each in left if each.app_id != first]
    return turns
