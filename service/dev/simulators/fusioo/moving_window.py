"""The company's moving window of calls, and what answers tell of it."""

import math
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from http import HTTPStatus

from service.dev.simulators.fusioo.settings import FusiooSettings


class MovingWindow:
    """Counts calls, those of a stranger in the company included. A refused call does not count (a guess).

    `settings` is asked at every look: it may change while the provider runs.
    """

    def __init__(self, clock: Callable[[], datetime], settings: Callable[[], FusiooSettings]) -> None:
        self._clock, self._settings = clock, settings
        self._counted: deque[datetime] = deque()
        self._stranger_came: datetime | None = None

    def used(self) -> int:
        """Count the calls that stand in the window now."""
        now = self._clock()
        self._let_stranger_call(now)
        self._forget_before(now - self._settings().window)
        return len(self._counted)

    def take(self) -> bool:
        """Count one call if there is room for it."""
        if self.used() >= self._settings().calls_per_window:
            return False
        self._counted.append(self._clock())
        return True

    def headers(self, status: int) -> dict[str, str]:
        """Write what an answer with this status tells of the limit, in the form that the settings choose."""
        style, limit, used = self._settings().rate_headers, self._settings().calls_per_window, self.used()
        left, wait = max(limit - used, 0), str(self._seconds_to_room())
        match style:
            case "none":
                return {}
            case "retry-after":
                return {"Retry-After": wait} if status == HTTPStatus.TOO_MANY_REQUESTS else {}
            case "x-ratelimit":
                return _named("X-RateLimit", limit, left, wait)
            case "ratelimit":
                return _named("RateLimit", limit, left, wait)

    def _seconds_to_room(self) -> int:
        """Tell when the oldest call leaves the window, in whole seconds; 0 if there is none."""
        if not self._counted:
            return 0
        leaves = self._counted[0] + self._settings().window
        return max(math.ceil((leaves - self._clock()).total_seconds()), 0)

    def _let_stranger_call(self, now: datetime) -> None:
        settings = self._settings()
        if not settings.stranger_calls_per_hour:
            self._stranger_came = None
            return
        pause = timedelta(hours=1) / settings.stranger_calls_per_hour
        came = self._stranger_came
        if came is None or now - came > settings.window + pause:
            # What lies further back has left the window anyway.
            came = now if came is None else now - settings.window
        while came + pause <= now:
            came += pause
            self._forget_before(came - settings.window)
            if len(self._counted) < settings.calls_per_window:
                self._counted.append(came)
        self._stranger_came = came

    def _forget_before(self, oldest: datetime) -> None:
        while self._counted and self._counted[0] <= oldest:
            self._counted.popleft()


def _named(prefix: str, limit: int, left: int, wait: str) -> dict[str, str]:
    return {f"{prefix}-Limit": str(limit), f"{prefix}-Remaining": str(left), f"{prefix}-Reset": wait}
