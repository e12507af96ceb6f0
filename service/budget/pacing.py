"""When the next look may begin, and whose turn it is. Pure; all times in seconds.

    used     calls that count now            usable   those that settling may use of the window
    free     usable - used                   t(i)     when the i-th counting call stops to count, from now
    steady   max( window / usable,  max over i of  t(i) / (free + i - 1) )
    need     sum over the account's apps of  ceil(due records / batch size)
    pressure (used / usable - 1/2) / (1/4), cut to 0 … 1

    gap      0                    used <= usable / 2
             0                    this app's batch is full, and need <= free
             steady * pressure    it is not full, and need <= free
             steady               need > free
    pause    gap - time since settling's last call began, at least 0

`steady` is the fastest even pace that never runs dry, whatever comes: `free + i - 1` calls must last until
the i-th one comes back. Kept from three quarters of the budget on, it is at most `4 * window / usable`
(32 s of 450 calls an hour) for each call, and `window / usable` (8 s) once calls come back evenly. So the
longest wait is known, instead of half an hour with nothing left after a fast half hour.

* An idle account asks at once: nothing is saved by waiting while half the budget is there.
* A full batch gains nothing by waiting; one that is not full grows meanwhile, and spares a call.
* What does not fit anyway is spread: so each app gets its turn, and what is urgent finds a call soon.

Turns, where calls are spread: the app with the largest `due records * age of the oldest`. Age grows without
end, so none is left out.

A record that never rests cools down: after looks in a row at it the next one waits 1 s, 4 s, 16 s, … and at
most 8 even gaps (64 s of 450 calls an hour). Looks are in a row when the next one comes within twice the rest
after the one before. Its last state is looked at in any case, for the delivery waits for the rest to end.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil

GATHER = 0.05
"""So long after a look the next one of its app begins, while more keeps coming: what comes in goes along."""
_UNHURRIED = 0.5
"""The share of the budget up to which nobody waits."""
_STEADY = 0.75
"""The share from which on the steady pace is kept."""
FIRST_REST = 1.0
"""So long a record is left alone after a look at it."""
_LONGEST_REST = 8
"""In even gaps, `window / usable`; but never more than a quarter of the window."""
_MOST_LOOKS_IN_ROW = 10
"""Counted no further: the rest is the longest one by then."""


@dataclass(frozen=True, slots=True)
class Standing:
    """An account's budget, as settling finds it."""

    used: int
    """The calls that count, of all lanes."""
    usable: int
    """How many may count while settling makes another one; at least 1."""
    window: float
    since_last: float | None = None
    """How long ago settling's last call began; None: it made none in this window."""
    returning: Sequence[float] = ()
    """In how long each of the calls that count comes back, the soonest first.

    May be empty while `is_plentiful`: nobody asks.
    """

    @property
    def free(self) -> int:
        return max(0, self.usable - self.used)

    @property
    def is_plentiful(self) -> bool:
        """Whether nobody needs to wait, whatever there is to do."""
        return self.used <= _UNHURRIED * self.usable


@dataclass(frozen=True, slots=True)
class Waiting:
    """One app's due records."""

    app_id: str
    records: int
    """At least 1."""
    age: float
    """For how long the oldest of them is due."""
    batch: int
    """How many one call may ask for."""

    @property
    def calls(self) -> int:
        return ceil(self.records / self.batch)

    @property
    def fills_a_batch(self) -> bool:
        return self.records >= self.batch


def steady_gap(standing: Standing) -> float:
    """The fastest even pace that never runs dry. `standing` has a free call; `returning` is complete."""
    free = standing.free
    waits = (back / (free + before) for before, back in enumerate(standing.returning))
    return max(standing.window / standing.usable, *waits, 0.0)


def pause_before(standing: Standing, backlog: Iterable[Waiting], app_id: str) -> float:
    """How long this app's look must wait for its call. `backlog` is the whole account's, this app's too.

    Whether there is a call at all is not decided here: with none free, the pause is that until one comes
    back, or nothing.
    """
    if standing.is_plentiful:
        return 0.0
    if standing.free == 0:
        return standing.returning[0] if standing.returning else 0.0
    waiting = {each.app_id: each for each in backlog}
    fits = sum(each.calls for each in waiting.values()) <= standing.free
    own = waiting.get(app_id)
    if fits and own is not None and own.fills_a_batch:
        return 0.0
    gap = steady_gap(standing) * (_pressure(standing) if fits else 1.0)
    return 0.0 if standing.since_last is None else max(0.0, gap - standing.since_last)


def whose_turn(backlog: Iterable[Waiting]) -> str | None:
    """Which app's look is the most urgent; None where nothing waits."""
    most = max(backlog, key=lambda each: (each.records * each.age, each.app_id), default=None)
    return None if most is None else most.app_id


def looks_in_row(
    before: int, *, since_last: float | None, standing: Standing, first: float = FIRST_REST
) -> int:
    """How many looks in a row at a record this one follows; 0 for the first.

    `before` is what its last look followed, `since_last` how long ago that was; None: there was none.
    `first` is the rest after the first one.
    """
    if since_last is None or since_last > 2 * rest_after(before, standing, first=first):
        return 0
    return min(before + 1, _MOST_LOOKS_IN_ROW)


def rest_after(in_row: int, standing: Standing, *, first: float = FIRST_REST) -> float:
    """How long a record is left alone after a look that followed `in_row` others."""
    longest = min(_LONGEST_REST * standing.window / standing.usable, standing.window / 4)
    return float(min(first * 4**in_row, longest))


def _pressure(standing: Standing) -> float:
    spent = standing.used / standing.usable
    return min(1.0, max(0.0, (spent - _UNHURRIED) / (_STEADY - _UNHURRIED)))
