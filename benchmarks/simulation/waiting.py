"""What waits in one app: its events until the look that fetches their records."""

from array import array
from bisect import bisect_right

from benchmarks.simulation.arrivals import AppEvents

NEVER = float("inf")


class Queue:
    """Each event of `times` is of another record; those of `hot` are of one, which may have to rest."""

    def __init__(self, events: AppEvents) -> None:
        self._cold, self._hot = _Series(events.times), _Series(events.hot)
        self.rest_until = 0.0

    def records(self, now: float) -> int:
        """How many records are due."""
        return self._cold.arrived(now) + self._is_hot_due(now)

    def oldest(self, now: float) -> float:
        """Since when the longest due one is due; it exists."""
        hot = max(self._hot.first(), self.rest_until) if self._is_hot_due(now) else NEVER
        return min(self._cold.first(), hot)

    def next_due(self) -> float:
        """When the next record is due, if none is now."""
        return min(self._cold.first(), max(self._hot.first(), self.rest_until))

    def take(self, most: int, now: float) -> tuple["array[float]", bool]:
        """Look at the longest due records: the times of their events; whether the hot one is there."""
        hot = self._is_hot_due(now)
        times = self._hot.take(self._hot.arrived(now)) if hot else array("d")
        return times + self._cold.take(min(most - hot, self._cold.arrived(now))), hot

    def rest(self, end: float) -> "array[float]":
        """The times of all events before `end` that no look fetched."""
        return self._hot.take(self._hot.arrived(end)) + self._cold.take(self._cold.arrived(end))

    def _is_hot_due(self, now: float) -> bool:
        return self.rest_until <= now and self._hot.arrived(now) > 0


class _Series:
    def __init__(self, times: "array[float]") -> None:
        self._times, self._taken = times, 0

    def arrived(self, now: float) -> int:
        return bisect_right(self._times, now, self._taken) - self._taken

    def first(self) -> float:
        return self._times[self._taken] if self._taken < len(self._times) else NEVER

    def take(self, count: int) -> "array[float]":
        self._taken += count
        return self._times[self._taken - count : self._taken]
