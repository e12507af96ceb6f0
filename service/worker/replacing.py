"""Replacing a process by its successor: what comes next. Pure.

Two reasons: it was started with other files than those in use, or it is retiring. The successor is up before
the one before it is asked to end.
"""

from dataclasses import dataclass
from enum import Enum, auto

LIVED_WELL = 30.0
"""Seconds after which the end of a process is no sequel of the one before."""
LONGEST_PAUSE = 10.0
LONGEST_START = 60.0
"""Seconds after which a successor that is not ready is given up, and another one started."""
LONGEST_SILENCE = 60.0
"""Seconds after which a process that says nothing is killed: nothing in it can go on, nor end it."""
MOST_LEAVING = 3
"""So many of one command's processes may still be at their end when another one retires: each has a share of
the machine and its connections to Postgres, until its grace is over.
"""


class Step(Enum):
    """What to do about one command's processes."""

    NONE = auto()
    START = auto()
    """Start the successor."""
    DEFER = auto()
    """Start none yet: too many of those before are still at their end."""
    BURY = auto()
    """The successor has ended: note it, and start another one after a pause."""
    GIVE_UP = auto()
    """Let go of the successor, which is not wanted any more or never gets ready, and start another one."""
    TAKE_OVER = auto()
    """Let go of the one that works: its successor is ready."""


@dataclass(frozen=True, slots=True)
class Successor:
    """How the next one stands."""

    ended: bool = False
    outdated: bool = False
    """It was started with other files than those in use."""
    ready: bool = False
    age: float = 0.0
    """Seconds since it was started."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How the one that works stands, and what is around it."""

    outdated: bool = False
    """It was started with other files than those in use, and it is its turn."""
    retiring: bool = False
    paused: bool = False
    """The pause since the last failure is not over."""
    leaving: int = 0
    """So many before it have not ended yet."""
    successor: Successor | None = None


def next_step(standing: Standing) -> Step:
    """Decide. A successor that was started takes over also if the reason is gone meanwhile."""
    new = standing.successor
    if new is None:
        return _first_step(standing)
    if new.ended:
        return Step.BURY
    if new.outdated or new.age > LONGEST_START:
        return Step.GIVE_UP
    return Step.TAKE_OVER if new.ready else Step.NONE


def _first_step(standing: Standing) -> Step:
    if standing.paused or not (standing.outdated or standing.retiring):
        return Step.NONE
    if standing.leaving >= MOST_LEAVING and not standing.outdated:
        return Step.DEFER
    return Step.START


def pause_after(failures: int, *, first: float) -> float:
    """Say how many seconds to wait after so many failures in a row; `first` after one, none after none."""
    return 0.0 if failures == 0 else min(first * 2.0 ** (failures - 1), LONGEST_PAUSE)
