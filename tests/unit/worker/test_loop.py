import asyncio
import threading
from collections.abc import Iterator

import pytest
import uvloop
from dramatiq.asyncio import get_event_loop_thread

from service.worker.loop import LoopThread, LoopWatch
from tests.fixtures.waiting import wait_until


@pytest.fixture
def thread() -> Iterator[LoopThread]:
    thread = LoopThread()
    thread.begin()
    yield thread
    thread.end()


def test_async_actors_run_on_uvloop(thread: LoopThread) -> None:
    async def which() -> asyncio.AbstractEventLoop:
        return asyncio.get_running_loop()

    assert get_event_loop_thread() is thread
    assert isinstance(thread.run_coroutine(which()), uvloop.Loop)


def test_a_turning_loop_is_not_stuck(thread: LoopThread) -> None:
    watch = LoopWatch(thread, patience=5)
    assert not any(watch.is_stuck() for _ in range(100))


def test_a_blocked_loop_is_found_stuck_and_forgiven(thread: LoopThread) -> None:
    gate = threading.Event()
    watch = LoopWatch(thread, patience=0.05)
    thread.loop.call_soon_threadsafe(gate.wait)
    wait_until(watch.is_stuck, what="the blocked loop is noticed")
    gate.set()
    wait_until(lambda: not watch.is_stuck(), what="the loop turns again")
