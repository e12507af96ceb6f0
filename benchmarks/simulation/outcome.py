"""What came of a load: how long its events waited, and what that cost."""

from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Outcome:
    """Filled while the clock goes on."""

    waits: "array[float]" = field(default_factory=lambda: array("d"))
    """From each event to the answer that held its record, in seconds; of one never fetched, to the end."""
    began: "array[float]" = field(default_factory=lambda: array("d"))
    """When each call began that the provider answered."""
    refused: int = 0
    """429s."""
    records: int = 0
    """That answers held."""
    left: int = 0
    """Events that were never fetched."""

    def fetched(self, times: Iterable[float], began: float, ended: float, *, records: int) -> None:
        """Note a call that was answered."""
        self.began.append(began)
        self.records += records
        self.waits.extend(ended - at for at in times)

    def never_fetched(self, times: Iterable[float], end: float) -> None:
        """Note what still waits at the end."""
        before = len(self.waits)
        self.waits.extend(end - at for at in times)
        self.left += len(self.waits) - before

    @property
    def calls(self) -> int:
        return len(self.began)

    @property
    def records_a_call(self) -> float:
        return self.records / self.calls if self.calls else 0.0

    def percentiles(self, *shares: float) -> list[float]:
        """The waits that such shares of the events did not exceed; 1: the longest. There was an event."""
        ordered = sorted(self.waits)
        return [ordered[min(len(ordered) - 1, int(share * len(ordered)))] for share in shares]

    def most_within(self, window: float) -> int:
        """How many answered calls began, at most, within a moving window."""
        first, most = 0, 0
        for count, at in enumerate(self.began, 1):
            while self.began[first] <= at - window:
                first += 1
            most = max(most, count - first)
        return most
