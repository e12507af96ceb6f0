"""Doorbells on their way out: equal ones become one. Pure; whoever shares it between threads locks it."""

from math import inf

from service.queue.messages import Doorbell


class WaitingDoorbells:
    """Doorbells that wait to be sent, in order of arrival.

    One that waits is not added a second time. One that was sent less than `gap` seconds ago waits for the
    rest of it, and stands for all that was rung meanwhile; every other is due at once. Times are seconds
    of one clock that never goes back.
    """

    def __init__(self, gap: float) -> None:
        self._gap = gap
        self._due: dict[Doorbell, float] = {}
        self._sent: dict[Doorbell, float] = {}
        """When the doorbells of the last `gap` seconds were taken, in that order."""

    def __len__(self) -> int:
        return len(self._due)

    def __contains__(self, doorbell: Doorbell) -> bool:
        return doorbell in self._due

    def add(self, doorbell: Doorbell) -> float:
        """Let it wait, and tell when it is due."""
        due = self._due[doorbell] = self._sent.get(doorbell, -inf) + self._gap
        return due

    def take(self, most: int, *, now: float = inf) -> list[Doorbell]:
        """Take out at most `most` that are due: one that is added from then on means something newer."""
        taken = [doorbell for doorbell, due in self._due.items() if due <= now][:most]
        for doorbell in list(self._sent):
            if self._sent[doorbell] + self._gap > now:
                break
            del self._sent[doorbell]
        for doorbell in taken:
            del self._due[doorbell]
            self._sent[doorbell] = now
        return taken

    def next_due(self) -> float:
        """When the next one is due; infinity when none waits."""
        return min(self._due.values(), default=inf)
