"""Rings for an app at a later moment: when its slot opens, when its records have rested."""

import asyncio

from service.pipeline.bells import Bells

LONGEST = 60.0
"""Seconds. What is later than that the sweep finds soon enough."""


class Timers:
    """One timer for each app, on the running event loop, for the soonest moment that was asked for.

    Whoever is rung for too early asks again. Timers are lost with their process: the sweep rings then.
    """

    def __init__(self, bells: Bells) -> None:
        self._bells = bells
        self._running: dict[tuple[str, str], asyncio.TimerHandle] = {}

    def ring_in(self, account: str, app_id: str, seconds: float) -> None:
        """Ring for an app in so many seconds; at once for none."""
        if seconds <= 0:
            self._bells.ring_settle(account, app_id)
        elif seconds <= LONGEST:
            self._start(account, app_id, seconds)

    def _start(self, account: str, app_id: str, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        at = loop.time() + seconds
        running = self._running.get((account, app_id))
        if running is not None:
            if running.when() <= at:
                return
            running.cancel()
        self._running[account, app_id] = loop.call_at(at, self._ring, account, app_id)

    def _ring(self, account: str, app_id: str) -> None:
        del self._running[account, app_id]
        self._bells.ring_settle(account, app_id)
