"""Rings at a later moment: when an app's slot opens, when a handler's next run may begin."""

import asyncio
from collections.abc import Callable

LONGEST = 60.0
"""Seconds. What is later than that the sweep finds soon enough."""

Subject = tuple[str, ...]
"""What is rung for: an account and an app, or a handler."""


class Timers:
    """One timer for each subject, on the running event loop, for the soonest moment that was asked for.

    Whoever is rung for too early asks again. Timers are lost with their process: the sweep rings then.
    """

    def __init__(self, ring: Callable[..., None]) -> None:
        """`ring` takes what a subject is made of."""
        self._ring_for = ring
        self._running: dict[Subject, asyncio.TimerHandle] = {}

    def ring_in(self, subject: Subject, seconds: float) -> None:
        """Ring for a subject in so many seconds; at once for none."""
        if seconds <= 0:
            self._ring_for(*subject)
        elif seconds <= LONGEST:
            self._start(subject, seconds)

    def _start(self, subject: Subject, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        at = loop.time() + seconds
        running = self._running.get(subject)
        if running is not None:
            if running.when() <= at:
                return
            running.cancel()
        self._running[subject] = loop.call_at(at, self._ring, subject)

    def _ring(self, subject: Subject) -> None:
        del self._running[subject]
        self._ring_for(*subject)
