"""One look for all who ask, fresh for a while, never longer than promised."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from service.pipeline.probes.checks import CheckName, Status
from service.pipeline.probes.figures import Figures
from service.pipeline.probes.prober import Look, Prober
from tests.fixtures.probing import EXPECTED, figures

PATIENCE = timedelta(milliseconds=50)


@dataclass
class Asked:
    """Postgres and Redis as a test wants them, and a clock that it turns."""

    postgres: Callable[[], "asyncio.Future[Figures] | Figures | Exception"] = figures
    redis: Exception | None = None
    looks: int = 0
    now: float = 0.0

    async def measure(self) -> Figures:
        self.looks += 1
        answer = self.postgres()
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, Figures) else await answer

    async def ping(self) -> timedelta:
        if self.redis is not None:
            raise self.redis
        return timedelta(milliseconds=1)

    def prober(self) -> Prober:
        return Prober(
            measure=self.measure,
            ping=self.ping,
            expected=EXPECTED,
            lost_after=timedelta(seconds=15),
            patience=PATIENCE,
            clock=lambda: self.now,
            now=lambda: datetime(2026, 11, 22, 5, tzinfo=UTC),
        )


def status(look: Look, name: CheckName) -> Status:
    return look.health.checks[name][0].status


async def test_a_look_counts_for_a_second() -> None:
    asked = Asked()
    async with asked.prober() as prober:
        first = await prober.look()
        asked.now = 0.99
        assert await prober.look() is first
        asked.now = 1.0
        assert await prober.look() is not first
    assert asked.looks == 2
    assert first.health.time == datetime(2026, 11, 22, 5, tzinfo=UTC)


async def test_those_who_ask_together_share_a_look() -> None:
    answer = asyncio.get_running_loop().create_future()
    asked = Asked(postgres=lambda: answer)
    async with asked.prober() as prober:
        asking = [asyncio.create_task(prober.look()) for _ in range(50)]
        await asyncio.sleep(0)
        answer.set_result(figures())
        looks = await asyncio.gather(*asking)
    assert asked.looks == 1
    assert len({id(look) for look in looks}) == 1


async def test_one_who_gives_up_takes_the_look_from_nobody() -> None:
    answer = asyncio.get_running_loop().create_future()
    asked = Asked(postgres=lambda: answer)
    async with asked.prober() as prober:
        impatient, patient = (asyncio.create_task(prober.look()) for _ in range(2))
        await asyncio.sleep(0)
        impatient.cancel()
        answer.set_result(figures())
        assert status(await patient, CheckName.POSTGRES) is Status.PASS


async def test_what_fails_is_missed_without_its_message() -> None:
    asked = Asked(postgres=lambda: OSError("password=sesame"), redis=OSError("password=sesame"))
    async with asked.prober() as prober:
        look = await prober.look()
    assert [status(look, name) for name in (CheckName.POSTGRES, CheckName.REDIS)] == [Status.FAIL] * 2
    assert (look.figures, look.redis_answered) == (None, False)
    assert "sesame" not in repr(look)
    assert "OSError" in repr(look)


async def test_what_hangs_is_given_up_and_not_asked_again_before_it_lets_go() -> None:
    let_go = asyncio.Event()

    async def hang() -> Figures:
        try:
            await asyncio.Event().wait()
        finally:
            await let_go.wait()  # like a driver that asks a dead server to cancel
        return figures()

    asked = Asked()
    hanging = Prober(
        measure=hang,
        ping=asked.ping,
        expected=EXPECTED,
        lost_after=PATIENCE,
        patience=PATIENCE,
        clock=next_second(),
    )
    async with hanging:
        began = asyncio.get_running_loop().time()
        first, second = await hanging.look(), await hanging.look()
        assert asyncio.get_running_loop().time() - began < 10 * PATIENCE.total_seconds()
        told = [look.health.checks[CheckName.POSTGRES][0].output for look in (first, second)]
        assert told == ["Postgres did not answer within 0.05 s", "Postgres still does not answer"]
        assert status(first, CheckName.REDIS) is Status.PASS
        let_go.set()
    assert [task for task in asyncio.all_tasks() if "probe" in task.get_name()] == []


def next_second() -> Callable[[], float]:
    """A clock that is a second later each time."""
    seconds = iter(range(1000))
    return lambda: float(next(seconds))


async def test_it_recovers_by_itself_and_logs_the_onset_and_the_end_once() -> None:
    answers: list[Figures | Exception] = [OSError(), OSError(), figures(), figures()]
    asked = Asked(postgres=lambda: answers.pop(0))
    with capture_logs() as lines:
        async with asked.prober() as prober:
            found = []
            for second in range(4):
                asked.now = float(second)
                found.append(status(await prober.look(), CheckName.POSTGRES))
    assert found == [Status.FAIL, Status.FAIL, Status.PASS, Status.PASS]
    assert [line["event"] for line in lines] == ["probe.missed", "probe.recovered"]


async def test_closing_leaves_nothing_running() -> None:
    answer = asyncio.get_running_loop().create_future()
    asked = Asked(postgres=lambda: answer)
    prober = asked.prober()
    async with prober:
        asking = asyncio.create_task(prober.look())
        await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert [task for task in asyncio.all_tasks() if "probe" in task.get_name()] == []
