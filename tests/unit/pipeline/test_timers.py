"""One timer for each subject, for the soonest moment that was asked for."""

import asyncio

from service.pipeline.timers import LONGEST, Timers
from tests.fixtures.pipeline import RungBells
from tests.fixtures.waiting import wait_until_async


async def test_no_time_at_all_rings_at_once() -> None:
    bells = RungBells()
    Timers(bells.ring_settle).ring_in(("main", "ia"), 0)
    assert bells.apps == {("main", "ia")}


async def test_the_soonest_moment_rings_once_for_each_app() -> None:
    class Counting(RungBells):
        rung: list[str]

        def ring_settle(self, account: str, app_id: str) -> None:
            super().ring_settle(account, app_id)
            self.rung.append(app_id)

    bells = Counting()
    bells.rung = []
    timers = Timers(bells.ring_settle)
    began = asyncio.get_running_loop().time()
    for seconds in (30, 0.03, 20):
        timers.ring_in(("main", "ia"), seconds)
    timers.ring_in(("main", "ib"), 0.04)
    await wait_until_async(lambda: len(bells.rung) == 2)
    assert bells.rung == ["ia", "ib"]
    assert asyncio.get_running_loop().time() - began >= 0.03
    assert timers._running == {}


async def test_what_is_far_off_is_left_to_the_sweep() -> None:
    timers = Timers(RungBells().ring_run)
    timers.ring_in(("ops",), LONGEST + 1)
    assert timers._running == {}
