"""Settling on a virtual clock: the relay's own pacing, turns, budget and batch sizes, nothing around them."""

from collections import deque
from dataclasses import dataclass, replace
from datetime import timedelta
from heapq import heappop, heappush

from benchmarks.simulation.arrivals import Load
from benchmarks.simulation.outcome import Outcome
from benchmarks.simulation.provider import CALLS, DURATION, WINDOW, Provider
from benchmarks.simulation.waiting import NEVER, Queue
from service.budget.lanes import Lane, Limit
from service.budget.lessons import FIRST_BLOCK
from service.budget.pacing import Standing, Waiting, gather_after, looks_in_row, rest_after
from service.budget.repository import MARGIN
from service.pipeline.settling.turns import Pause, pause_for
from service.records.waiting import Backlog
from service.transport.batch_size import FIRST_BATCH, grown

COUNTS = DURATION + WINDOW + MARGIN.total_seconds()
"""So long a call counts, from its start."""
_LEAST = 0.001
"""Timers are no finer."""


@dataclass(slots=True)
class _App:
    """A slot, what waits for it, and what is known of its hot record."""

    name: str
    queue: Queue
    batch: int = FIRST_BATCH
    bell_at: float = NEVER
    """When it is tried next."""
    answer_at: float = 0.0
    """When the last look at it ends."""
    seen_at: float | None = None
    in_row: int = 0

    def waiting(self, now: float) -> Waiting:
        """What pacing is told of it; something is due."""
        since = max(self.queue.oldest(now), self.answer_at)
        return Waiting(self.name, self.queue.records(now), max(0.0, now - since), self.batch)


class Relay:
    """One account, whose only calls are those of settling."""

    def __init__(self, load: Load) -> None:
        self._end = load.seconds
        self._usable = Limit(CALLS, timedelta(seconds=WINDOW)).usable(Lane.SETTLE)
        self._provider, self._outcome = Provider(), Outcome()
        self._counted: deque[float] = deque()
        """Until when each call counts."""
        self._last_call: float | None = None
        self._apps = {
            str(number): _App(str(number), Queue(events)) for number, events in enumerate(load.apps)
        }
        self._bells: list[tuple[float, str]] = []

    def run(self) -> Outcome:
        """Let all of the load happen."""
        for app in self._apps.values():
            self._ring(app, app.queue.next_due())
        while self._bells and self._bells[0][0] < self._end:
            at, name = heappop(self._bells)
            app = self._apps[name]
            if at == app.bell_at:  # else another bell was rung since
                self._try(app, at)
        for app in self._apps.values():
            self._outcome.never_fetched(app.queue.rest(self._end), self._end)
        return self._outcome

    def _ring(self, app: _App, at: float) -> None:
        app.bell_at = at
        heappush(self._bells, (at, app.name))

    def _try(self, app: _App, now: float) -> None:
        if not app.queue.records(now):
            self._ring(app, app.queue.next_due())
            return
        standing = self._standing(now)
        if standing.free == 0:
            self._ring(app, max(now + _LEAST, self._counted[standing.used - standing.usable]))
            return
        pause = self._pause(app, standing, now)
        if pause is None:
            self._look(app, standing, now)
            return
        self._ring(app, now + pause.seconds)
        if pause.instead is not None:
            self._ring(self._apps[pause.instead], now)

    def _pause(self, app: _App, standing: Standing, now: float) -> Pause | None:
        if standing.is_plentiful:
            return None
        due = [each for each in self._apps.values() if each.queue.records(now)]
        free = frozenset(each.name for each in due if each.answer_at <= now)
        return pause_for(standing, Backlog(tuple(each.waiting(now) for each in due), free), app.name)

    def _look(self, app: _App, standing: Standing, now: float) -> None:
        self._counted.append(now + COUNTS)
        self._last_call = now
        app.answer_at = now + DURATION
        if not self._provider.accepts(now):
            self._outcome.refused += 1
            self._ring(app, now + FIRST_BLOCK.total_seconds())
            return
        asked = min(app.batch, app.queue.records(now))
        times, is_hot_seen = app.queue.take(app.batch, now)
        self._outcome.fetched(times, now, app.answer_at, records=asked)
        app.batch = grown(app.batch, asked=asked) or app.batch
        if is_hot_seen:
            self._let_rest(app, standing)
        is_full = app.queue.records(now) >= app.batch
        self._ring(app, app.answer_at + (0 if is_full else gather_after(asked)))

    def _let_rest(self, app: _App, standing: Standing) -> None:
        since = None if app.seen_at is None else app.answer_at - app.seen_at
        app.in_row = looks_in_row(app.in_row, since_last=since, standing=standing)
        app.seen_at = app.answer_at
        app.queue.rest_until = app.answer_at + rest_after(app.in_row, standing)

    def _standing(self, now: float) -> Standing:
        while self._counted and self._counted[0] <= now:
            self._counted.popleft()
        since = now - self._last_call if self._counted and self._last_call is not None else None
        standing = Standing(len(self._counted), self._usable, WINDOW, since)
        if standing.is_plentiful:
            return standing
        return replace(standing, returning=[until - now for until in self._counted])
