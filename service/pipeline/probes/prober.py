"""Looks at the relay, at most once a second however many ask, and never for longer than it promises."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self, TypeVar

import structlog

from service.pipeline.probes.checks import Health
from service.pipeline.probes.expected import Expected
from service.pipeline.probes.figures import Figures
from service.pipeline.probes.verdict import Missed, judge

T = TypeVar("T")

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Look:
    """What one look found: the figures behind it are there unless Postgres was not."""

    health: Health
    figures: Figures | None
    redis_answered: bool


class Prober:
    """Measures and judges. Those who ask at the same time share one look; it counts for `fresh_for`.

    Whatever does not answer within `patience` is given up, and not asked again before it has let go.
    Use it as an async context manager, in one event loop.
    """

    def __init__(
        self,
        *,
        measure: Callable[[], Coroutine[Any, Any, Figures]],
        ping: Callable[[], Coroutine[Any, Any, timedelta]],
        expected: Expected | None,
        lost_after: timedelta,
        fresh_for: timedelta = timedelta(seconds=1),
        patience: timedelta = timedelta(seconds=2),
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`measure` asks Postgres, `ping` asks Redis; each may raise anything, or hang."""
        self._measure, self._ping = measure, ping
        self._expected, self._lost_after = expected, lost_after
        self._fresh_for, self._patience = fresh_for.total_seconds(), patience.total_seconds()
        self._clock, self._now = clock, now
        self._last: tuple[float, Look] | None = None
        self._looking: asyncio.Task[Look] | None = None
        self._asked: dict[str, asyncio.Task[Any]] = {}
        self._missed: set[str] = set()

    @property
    def expected(self) -> Expected | None:
        """What it compares with now."""
        return self._expected

    def compare_with(
        self, expected: Expected, *, measure: Callable[[], Coroutine[Any, Any, Figures]]
    ) -> None:
        """From the next look on, compare with this, and measure what it asks for."""
        self._expected, self._measure = expected, measure

    async def look(self) -> Look:
        """Give the look under way, or the last one while it is fresh, or take a new one."""
        if self._looking is None:
            if self._last is not None and self._clock() - self._last[0] < self._fresh_for:
                return self._last[1]
            self._looking = asyncio.create_task(self._look(), name="probe")
            self._looking.add_done_callback(self._forget_look)
        return await asyncio.shield(self._looking)

    async def _look(self) -> Look:
        postgres, redis = await asyncio.gather(
            self._answer("Postgres", self._measure), self._answer("Redis", self._ping)
        )
        checks = judge(postgres, redis, self._expected, lost_after=self._lost_after)
        look = Look(
            Health(checks, self._now()),
            None if isinstance(postgres, Missed) else postgres,
            not isinstance(redis, Missed),
        )
        self._last = self._clock(), look
        return look

    def _forget_look(self, _: object) -> None:
        self._looking = None

    async def _answer(self, name: str, ask: Callable[[], Coroutine[Any, Any, T]]) -> T | Missed:
        if name in self._asked:
            return Missed(f"{name} still does not answer")
        task: asyncio.Task[T] = asyncio.create_task(ask(), name=f"probe-{name}")
        self._asked[name] = task
        task.add_done_callback(lambda ended: self._let_go(name, ended))
        # Waited for from outside: a driver that is cancelled may take seconds to let go.
        done, _ = await asyncio.wait({task}, timeout=self._patience)
        if not done:
            task.cancel()
            self._note(name, TimeoutError())
            return Missed(f"{name} did not answer within {self._patience:g} s")
        error = task.exception()
        if error is None:
            self._note(name, None)
            return task.result()
        self._note(name, error)
        return Missed(f"{name} can't be used ({type(error).__name__}); `relay doctor` says more")

    def _let_go(self, name: str, ended: asyncio.Task[Any]) -> None:
        del self._asked[name]
        if not ended.cancelled():
            ended.exception()  # noted, also when nobody waits for it any more

    def _note(self, name: str, error: BaseException | None) -> None:
        """Log the onset and the end, not every look."""
        if error is None and name in self._missed:
            self._missed.discard(name)
            _log.info("probe.recovered", service=name.lower())
        elif error is not None and name not in self._missed:
            self._missed.add(name)
            reason = str(error).partition("\n")[0]  # what follows may be a statement with its values
            _log.warning(
                "probe.missed", service=name.lower(), error=type(error).__name__, reason=reason or None
            )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        left = [*self._asked.values(), *([self._looking] if self._looking else [])]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
