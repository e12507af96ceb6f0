"""The provider of the simulation: so many calls in a moving window are answered, others refused with 429."""

from collections import deque

CALLS, WINDOW = 500, 3600.0
DURATION = 0.25
"""So long every call takes, in seconds."""


class Provider:
    """One account's limit; a refused call does not count."""

    def __init__(self, calls: int = CALLS, window: float = WINDOW) -> None:
        self._calls, self._window = calls, window
        self._counted: deque[float] = deque()

    def accepts(self, now: float) -> bool:
        """Take a call if the window has room for it. `now` never goes back."""
        while self._counted and self._counted[0] <= now - self._window:
            self._counted.popleft()
        if len(self._counted) >= self._calls:
            return False
        self._counted.append(now)
        return True
