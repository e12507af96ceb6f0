"""When events happen: loads for the simulation, the same at each run. Times in seconds from the start."""

import math
import random
from array import array
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field

HOUR = 3600.0
_SEED = 20261122


@dataclass(frozen=True, slots=True)
class AppEvents:
    """The events of one app, by time."""

    times: "array[float]" = field(default_factory=lambda: array("d"))
    """Each of a record of its own."""
    hot: "array[float]" = field(default_factory=lambda: array("d"))
    """All of one record."""

    def __len__(self) -> int:
        return len(self.times) + len(self.hot)


@dataclass(frozen=True, slots=True)
class Load:
    """What happens in an account."""

    name: str
    apps: Sequence[AppEvents]
    hours: float = 24.0

    def only_first(self, hours: float) -> "Load":
        """The same, but nothing happens after so many hours; the clock goes on."""
        end = hours * HOUR
        apps = [AppEvents(_before(each.times, end), _before(each.hot, end)) for each in self.apps]
        return Load(self.name, apps, self.hours)

    @property
    def seconds(self) -> float:
        return self.hours * HOUR

    @property
    def events(self) -> int:
        return sum(len(events) for events in self.apps)


def steadily(an_hour: float, *, hours: float = 24.0, apps: int = 1) -> list[AppEvents]:
    """Events that don't know of each other (Poisson), spread evenly over apps."""
    return [AppEvents(_poisson(an_hour / apps, hours, number)) for number in range(apps)]


def in_rhythm(an_hour: float, *, hours: float = 24.0) -> list[AppEvents]:
    """A day: as many events as `an_hour` tells on average, none at midnight, twice as many at noon."""
    chance = random.Random(_SEED)  # noqa: S311  no secret: the same load at each run
    times = _poisson(2 * an_hour, hours, 0)
    day = 24 * HOUR
    kept = (at for at in times if chance.random() < (1 - math.cos(2 * math.pi * at / day)) / 2)
    return [AppEvents(array("d", kept))]


def in_bursts(
    size: int, *, every: float, over: float, hours: float = 24.0, apps: int = 1
) -> list["array[float]"]:
    """Bursts of so many events within `over` seconds, one each `every` hours, spread evenly over apps."""
    starts = [HOUR * every * (number + 0.5) for number in range(int(hours / every))]
    each = size // apps
    return [
        array("d", (begin + over * i / each for begin in starts for i in range(each))) for _ in range(apps)
    ]


def together(first: "array[float]", second: "array[float]") -> "array[float]":
    """Two series as one."""
    return array("d", sorted((*first, *second)))


def _before(times: "array[float]", end: float) -> "array[float]":
    return times[: bisect_left(times, end)]


def _poisson(an_hour: float, hours: float, number: int) -> "array[float]":
    chance = random.Random(f"{_SEED} {an_hour} {number}")  # noqa: S311  no secret: the same load at each run
    at, end, times = chance.expovariate(an_hour / HOUR), hours * HOUR, array("d")
    while at < end:
        times.append(at)
        at += chance.expovariate(an_hour / HOUR)
    return times
