"""One worker process within this one: how it ends, and what becomes of what it was doing."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta

import pytest

from service.config import Settings
from service.db.processes import Heartbeat
from service.queue.messages import QueueName
from service.queue.publisher import Publisher
from service.worker.child import WorkerProcess
from service.worker.exits import STOPPED, STUCK
from service.worker.resources import Resources
from tests.fixtures.database import Database
from tests.fixtures.waiting import wait_until


class Desk:
    """What the process answers with: each handler holds until let go, in the way that its name says."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.heard: list[str] = []
        self.finished: list[str] = []
        self.gate = threading.Event()
        self.stuck: list[str] = []
        self.said: list[str] = []
        self.closed = False
        self.wound_down = threading.Event()
        self.opens_for_ever = False

    async def open(self, settings: Settings, queue: QueueName, threads: int) -> Resources:
        del threads
        heartbeat = Heartbeat(settings.database_url or "", queue.value, every=timedelta(seconds=0.1))
        await asyncio.to_thread(heartbeat.start)

        async def close() -> None:
            self.closed = True
            await asyncio.to_thread(heartbeat.stop)

        if self.opens_for_ever:
            try:
                await asyncio.Event().wait()
            finally:
                await close()
        answers = {queue.value: self.answer}
        return Resources(answers, heartbeat, close, lambda: self.stuck, self.wound_down.set)

    async def answer(self, handler: str) -> None:
        self.heard.append(handler)
        if handler == "quick":
            pass
        elif handler == "blocks":
            self.gate.wait(20)  # on the event loop: the sin that is tested
        else:
            await asyncio.to_thread(self.gate.wait, 20)
        self.finished.append(handler)


@pytest.fixture
def desk(database: Database, redis_url: str) -> Desk:
    return Desk(Settings(database_url=database.url, redis_url=redis_url))


class At:
    """A process that runs in a thread, and a publisher that rings it."""

    def __init__(self, desk: Desk, pool: ThreadPoolExecutor, *, grace: float = 10.0) -> None:
        self.stop, self.cut_off = threading.Event(), threading.Event()
        assert desk.settings.redis_url is not None
        self.publisher = Publisher.open(desk.settings.redis_url)
        self.process = WorkerProcess(
            desk.settings,
            QueueName.RUN,
            threads=2,
            grace=grace,
            stop=self.stop,
            cut_off=self.cut_off,
            open_resources=desk.open,
            say_ready=lambda: desk.said.append("ready"),
            say_retiring=lambda: desk.said.append("retiring"),
            stuck_after=0.5,
        )
        self.code: Future[int] = pool.submit(self.process.run)


@pytest.fixture
def work(desk: Desk) -> Iterator[Callable[..., At]]:
    started: list[At] = []
    with ThreadPoolExecutor() as pool:

        def begin(*, grace: float = 10.0) -> At:
            started.append(At(desk, pool, grace=grace))
            return started[-1]

        yield begin
        desk.gate.set()
        for one in started:
            one.stop.set()
            one.publisher.close()
            one.code.exception(20)
            if one.process._loop.is_alive():  # a real process that ends so is ended by os._exit
                one.process._loop.end()


def lives(database: Database) -> bool:
    return bool(database.execute("SELECT 1 FROM processes WHERE kind = 'run'"))


def test_what_runs_is_finished_and_what_has_not_begun_is_left_to_others(
    desk: Desk, work: Callable[..., At], database: Database
) -> None:
    at = work()
    for handler in ("first", "second"):
        at.publisher.ring_run(handler)
    wait_until(lambda: len(desk.heard) == 2)
    at.publisher.ring_run("third")
    wait_until(lambda: at.publisher.rung == 3)
    at.stop.set()
    with pytest.raises(TimeoutError):
        at.code.result(0.3)
    assert desk.wound_down.is_set()
    assert lives(database)
    assert at.publisher._broker.waiting("run") == 1, "what can't begin here is not taken"
    desk.gate.set()
    assert at.code.result(10) == STOPPED
    assert sorted(desk.finished) == ["first", "second"]
    assert desk.closed
    assert not lives(database)

    desk.heard.clear()
    work()
    wait_until(lambda: desk.heard == ["third"])


def test_the_grace_is_not_for_ever(desk: Desk, work: Callable[..., At], database: Database) -> None:
    at = work(grace=0.2)
    at.publisher.ring_run("slow")
    wait_until(lambda: desk.heard)
    at.stop.set()
    assert at.code.result(10) == STOPPED
    assert not lives(database)
    assert desk.finished == []


def test_who_is_cut_off_does_not_wait(desk: Desk, work: Callable[..., At], database: Database) -> None:
    at = work(grace=60.0)
    at.publisher.ring_run("slow")
    wait_until(lambda: desk.heard)
    at.stop.set()
    wait_until(desk.wound_down.is_set)
    assert not at.code.done()
    at.cut_off.set()
    assert at.code.result(10) == STOPPED
    assert not lives(database)
    assert desk.finished == []


def test_who_is_stopped_while_it_opens_leaves_nothing_behind(
    desk: Desk, work: Callable[..., At], database: Database
) -> None:
    desk.opens_for_ever = True
    at = work()
    wait_until(lambda: lives(database))
    at.stop.set()
    assert at.code.result(10) == STOPPED
    assert desk.closed
    assert not lives(database)


def test_it_says_that_it_retires_and_goes_on_until_it_is_asked_to_end(
    desk: Desk, work: Callable[..., At], database: Database
) -> None:
    at = work()
    wait_until(lambda: desk.said == ["ready"])
    desk.stuck = ["worn"]
    wait_until(lambda: desk.said == ["ready", "retiring"])
    at.publisher.ring_run("quick")
    wait_until(lambda: desk.finished == ["quick"])
    desk.stuck = []
    wait_until(lambda: desk.said == ["ready", "retiring", "ready"])
    desk.stuck = ["worn"]
    wait_until(lambda: desk.said == ["ready", "retiring"] * 2)
    at.publisher.ring_run("slow")
    wait_until(lambda: "slow" in desk.heard)
    at.stop.set()
    wait_until(desk.wound_down.is_set)
    assert not at.code.done()
    desk.gate.set()
    assert at.code.result(10) == STOPPED
    assert desk.finished == ["quick", "slow"]
    assert not lives(database)


def test_at_its_end_it_leaves_the_doorbells_to_others(
    desk: Desk, work: Callable[..., At], monkeypatch: pytest.MonkeyPatch
) -> None:
    at = work()
    broker = at.process._broker
    looks: list[str] = []
    fetch = broker.do_fetch

    def counted_fetch(queue: str, prefetch: int) -> list[bytes]:
        looks.append(queue)
        return fetch(queue, prefetch)

    monkeypatch.setattr(broker, "do_fetch", counted_fetch)
    at.publisher.ring_run("slow")
    wait_until(lambda: desk.heard == ["slow"])
    at.stop.set()
    wait_until(desk.wound_down.is_set)
    wait_until(broker._takes_no_more.is_set)
    at.publisher.ring_run("late")
    wait_until(lambda: at.publisher.rung == 2)
    seen = len(looks)
    wait_until(lambda: len(looks) > seen + 1, what="it would have found the doorbell")
    assert broker.waiting("run") == 1
    desk.gate.set()
    assert at.code.result(10) == STOPPED
    assert desk.heard == ["slow"]


def test_a_blocked_event_loop_costs_the_process_its_life(work: Callable[..., At], database: Database) -> None:
    at = work()
    at.publisher.ring_run("blocks")
    assert at.code.result(15) == STUCK
    assert not lives(database)
