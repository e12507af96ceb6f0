"""Threads of synchronous handlers: bounded, and never in the way."""

import asyncio
import contextvars
import sys
import threading
from collections.abc import Callable

import pytest

from service.handlers.threads import Threads
from tests.fixtures.waiting import wait_until_async

LIMIT = 10.0


async def test_it_returns_what_the_function_returns_from_another_thread() -> None:
    assert await Threads("t", 1).run(threading.current_thread) is not threading.current_thread()


async def test_it_raises_what_the_function_raises() -> None:
    with pytest.raises(ZeroDivisionError):
        await Threads("t", 1).run(lambda: 1 // 0)


@pytest.mark.parametrize(
    ("function", "told"), [(sys.exit, "SystemExit"), (lambda: next(iter(())), "StopIteration")]
)
async def test_what_would_harm_the_loop_comes_as_an_ordinary_error(
    function: Callable[[], object], told: str
) -> None:
    with pytest.raises(RuntimeError, match=told):
        await Threads("t", 1).run(function)


async def test_context_variables_travel_along() -> None:
    variable = contextvars.ContextVar("variable", default="unset")
    variable.set("set")
    assert await Threads("t", 1).run(variable.get) == "set"


async def test_no_more_run_at_a_time_than_allowed() -> None:
    threads, go, lock = Threads("t", 2), threading.Event(), threading.Lock()
    running = most = 0

    def work() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        go.wait(LIMIT)
        with lock:
            running -= 1

    tasks = [asyncio.create_task(threads.run(work)) for _ in range(5)]
    await wait_until_async(lambda: running == 2)
    go.set()
    await asyncio.gather(*tasks)
    assert most == 2


async def test_an_abandoned_thread_keeps_its_place_until_it_ends() -> None:
    threads, go = Threads("t", 1), threading.Event()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await threads.run(lambda: go.wait(LIMIT))
    assert threads.abandoned == 1
    following = asyncio.create_task(threads.run(lambda: "next"))
    done, _ = await asyncio.wait({following}, timeout=0.05)
    assert not done
    go.set()
    assert await following == "next"
    assert threads.abandoned == 0


async def test_giving_up_while_waiting_for_a_place_takes_none() -> None:
    threads, go, begun = Threads("t", 1), threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        go.wait(LIMIT)

    first = asyncio.create_task(threads.run(work))
    await wait_until_async(begun.is_set)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await threads.run(lambda: None)
    assert threads.abandoned == 0
    go.set()
    await first
    assert await threads.run(lambda: "free") == "free"
