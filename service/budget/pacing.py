"""When the next look may begin, and whose turn it is. Pure; all times in seconds.

    used     calls that count now           usable   those that settling may use of the window
    free     usable - used                  t(i)     when the i-th counting call stops to count, from now
    even     window / usable                need     the calls for all that is due: full batches, app by app
    steady   max( even,  max over i of  t(i) / (free + i - 1) );  `after need`: with free - need
             (since the last call, if that is less: the same as it was then, (t(i) + since) / (free + i))

    gap      0                    used <= usable / 10
             0                    this app's batch is full, and steady after need <= 4 * even
             steady               need > free
             steady * pressure    otherwise
    pressure the larger of (steady / even - 1) / (1/9) and (used / usable - 9/10) / (1/10), cut to 0 … 1
    pause    gap - time since settling's last call began, at least 0
    gather   20 ms for each record of the app's last look, at least 50 ms and at most 2 s

`steady` is the fastest even pace that never runs dry, whatever comes: `free + i - 1` calls must last until
the i-th one comes back. It tells a calm account from one that has spent too fast: where calls come back
evenly it is `even` (8 s of 450 calls an hour), however many are in use; each call made sooner raises it.

* An idle account asks at once, and so does one with many calls in use that are spread over the window: up to
  nine tenths of what the budget can do, an event is looked at as it comes.
* Who spends faster than calls come back is slowed down after a tenth of the budget, at `10/9 * even`. So a
  rush is not paid for with an hour of long waits, and does not come again an hour later, when its calls do.
* A full batch gains nothing by waiting; one that is not full grows meanwhile, and spares a call. But full
  ones leave enough for the rest of the window.
* While a batch is being filled by what keeps coming, the next look waits for more: the longer, the more came
  for the last one. Above 50 records a second that grows until batches are full, and a burst costs half the
  calls; below, it ends near 50 ms.
* What does not fit anyway is spread: so each app gets its turn, and what is urgent finds a call soon.

Settling's own calls never keep it waiting for a call for longer than `4 * even` (32 s): a pace that is kept
does not raise `steady`; a call made sooner was made below `10/9 * even`, and at most doubles it (of two free
calls one is left), or it was the last one, and the next comes back within `steady`. Other lanes end at 95 %
of `usable`: all together they may raise it to `20 * even`.

Turns, where there is a gap: the app with the largest `due records * age`. In the long run that serves an app
by the square root of how much comes in there, which is the least waiting in all. Age counts from the app's
last look at most: one whose backlog only grows would stay the oldest and the largest for ever. Who has waited
for two rounds of all apps goes first, so nobody waits for more than three.

A record that never rests cools down: after looks in a row at it the next one waits 1 s, 4 s, 16 s, … and at
most 8 even gaps (64 s of 450 calls an hour), so it costs an eighth of the budget. Looks are in a row when the
next one comes within twice the rest after the one before. Its last state is looked at in any case, for the
delivery waits for the rest to end.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, inf

GATHER = 0.05
"""So long after a look at one record the next one of its app begins: what comes in meanwhile goes along."""
_GATHER_EACH, _LONGEST_GATHER = 0.4, 40.0
"""How much longer for each record that was looked at, and at most: in gathers."""
_UNHURRIED = 0.1
"""The share of the budget up to which nobody waits."""
_AHEAD = (1.0, 1 / (1 - _UNHURRIED))
"""How many even gaps the steady one is where the pressure begins, and where it is full."""
_NEARLY_ALL = (0.9, 1.0)
"""The same, as shares of the budget in use."""
_LONGEST_GAP = 4
"""In even gaps: what full batches must leave."""
_ROUNDS = 2
"""So many turns of every app may pass before one that waits goes first."""
FIRST_REST = 1.0
"""So long a record is left alone after a look at it."""
_LONGEST_REST = 8
"""In even gaps; but never more than a quarter of the window."""
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
    def even_gap(self) -> float:
        """Calls so far apart use all of the budget."""
        return self.window / self.usable

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
    """For how long the oldest of them is due; no longer than since the app's last look."""
    batch: int
    """How many one call may ask for."""

    @property
    def calls(self) -> int:
        return ceil(self.records / self.batch)

    @property
    def fills_a_batch(self) -> bool:
        return self.records >= self.batch


def steady_gap(standing: Standing, need: int = 0) -> float:
    """The fastest even pace that never runs dry, after `need` more calls. `returning` is complete."""
    free = standing.free - need
    if free <= 0:
        return inf
    gap = max((back / (free + before) for before, back in enumerate(standing.returning)), default=0.0)
    if not need and standing.since_last is not None and standing.since_last < gap:
        since = standing.since_last
        gap = max((back + since) / (free + 1 + before) for before, back in enumerate(standing.returning))
    return max(standing.even_gap, gap)


def gap_before(standing: Standing, backlog: Sequence[Waiting], app_id: str) -> float:
    """How long after settling's last call this app's look may make the next one, if a call is free.

    `backlog` is the whole account's, this app's too.
    """
    if standing.is_plentiful:
        return 0.0
    need = sum(each.calls for each in backlog)
    is_full = any(each.fills_a_batch for each in backlog if each.app_id == app_id)
    if is_full and steady_gap(standing, need) <= _LONGEST_GAP * standing.even_gap:
        return 0.0
    steady = steady_gap(standing)
    if need > standing.free:
        return steady
    hurry = _ramp(steady / standing.even_gap, *_AHEAD)
    return steady * max(hurry, _ramp(standing.used / standing.usable, *_NEARLY_ALL))


def gather_after(asked: int, gather: float = GATHER) -> float:
    """How long after a look at `asked` records the next one of its app begins, unless a batch is full.

    `gather`: how long after a look at one.
    """
    return gather * min(max(1.0, asked * _GATHER_EACH), _LONGEST_GATHER)


def whose_turn(backlog: Sequence[Waiting], gap: float) -> str | None:
    """Which app's look is next, where calls are `gap` apart; None where nothing waits."""
    late = [each for each in backlog if each.age > _ROUNDS * len(backlog) * gap]
    if late:
        return max(late, key=lambda each: (each.age, each.app_id)).app_id
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
    longest = min(_LONGEST_REST * standing.even_gap, standing.window / 4)
    return float(min(first * 4**in_row, longest))


def _ramp(value: float, none: float, full: float) -> float:
    """0 up to `none`, 1 from `full` on, even in between."""
    return min(1.0, max(0.0, (value - none) / (full - none)))
