"""Doorbells over a real Valkey, also while it is flushed, stopped and started again (STACK §1.4)."""

import asyncio
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
import redis
from dramatiq import Message, Worker

from service.dev.environment import EmbeddedServices
from service.queue.broker import NAMESPACE, make_broker
from service.queue.messages import QueueName
from service.queue.publisher import MAX_QUEUED, Publisher
from service.worker.actors import declare_actor
from service.worker.loop import LoopThread
from tests.fixtures.waiting import wait_until


class Listener:
    """A worker in this process that notes what rings, and can be held or made to fail."""

    def __init__(self, redis_url: str, queue: QueueName = QueueName.SETTLE, threads: int = 2) -> None:
        self.heard: list[tuple[str, ...]] = []
        self.error: Exception | None = None
        self.gate = threading.Event()
        self.gate.set()
        self._loop = LoopThread()
        self._loop.begin()
        self.broker = make_broker(redis_url)
        declare_actor(self.broker, queue, self._answer)
        self.worker = Worker(self.broker, queues={queue.value}, worker_timeout=20, worker_threads=threads)
        self.worker.start()

    async def _answer(self, *arguments: str) -> None:
        self.heard.append(arguments)
        assert await asyncio.to_thread(self.gate.wait, 10)
        if self.error is not None:
            raise self.error

    def hears(self, *arguments: str) -> None:
        wait_until(lambda: arguments in self.heard, what=f"heard {arguments}, and not only {self.heard[-3:]}")

    def stop(self) -> None:
        self.worker.stop(timeout=5000)
        self.broker.close()
        self._loop.end()


def keys(redis_url: str) -> set[str]:
    with redis.Redis.from_url(redis_url, decode_responses=True) as client:
        found: list[str] = client.keys("*")
        return {key for key in found if not key.endswith("__heartbeats__")}


@pytest.fixture
def publisher(redis_url: str) -> Iterator[Publisher]:
    publisher = Publisher.open(redis_url)
    yield publisher
    publisher.close()


@pytest.fixture
def listener(redis_url: str) -> Iterator[Listener]:
    listener = Listener(redis_url)
    yield listener
    listener.stop()


def test_a_doorbell_reaches_its_actor_and_leaves_nothing(
    redis_url: str, publisher: Publisher, listener: Listener
) -> None:
    publisher.ring_settle("main", "app")
    listener.hears("main", "app")
    wait_until(lambda: keys(redis_url) == set())


def test_a_doorbell_that_fails_is_done(redis_url: str, publisher: Publisher, listener: Listener) -> None:
    listener.error = ValueError("poison")
    publisher.ring_settle("main", "app")
    listener.hears("main", "app")
    wait_until(lambda: keys(redis_url) == set())
    assert listener.heard == [("main", "app")]


def test_a_doorbell_that_nobody_understands_is_dropped(redis_url: str, listener: Listener) -> None:
    listener.broker.enqueue(Message("settle", "stranger", (), {}, {}))
    listener.broker.enqueue(Message("settle", "settle", ("main", "after"), {}, {}))
    listener.hears("main", "after")
    wait_until(lambda: keys(redis_url) == set())


def test_a_queue_without_a_worker_stays_bounded(redis_url: str, publisher: Publisher) -> None:
    for number in range(MAX_QUEUED + 300):
        publisher.ring_settle("main", str(number))
    wait_until(lambda: publisher.rung + publisher.dropped == MAX_QUEUED + 300)
    with redis.Redis.from_url(redis_url) as client:
        assert client.llen(f"{NAMESPACE}:settle") == publisher.rung == MAX_QUEUED


def test_nothing_is_delayed_and_no_delay_queue_is_watched(redis_url: str, listener: Listener) -> None:
    assert set(listener.worker.consumers) == {"settle"}
    with pytest.raises(ValueError, match="next_at"):
        listener.broker.enqueue(Message("settle", "settle", ("a", "b"), {}, {}), delay=1000)
    assert keys(redis_url) == set()


def test_flushing_loses_doorbells_and_nothing_else(
    redis_url: str, publisher: Publisher, listener: Listener
) -> None:
    publisher.ring_settle("main", "before")
    listener.hears("main", "before")
    with redis.Redis.from_url(redis_url) as client:
        client.flushdb()
        client.script_flush()
    publisher.ring_settle("main", "after")
    listener.hears("main", "after")


def test_a_dead_workers_doorbells_come_back(redis_url: str) -> None:
    """They need not: the sweep rings again. But what a dead process had taken must not stay in Redis."""
    dead = make_broker(redis_url)
    dead.enqueue(Message("settle", "settle", ("main", "taken"), {}, {}))
    assert len(dead.do_fetch("settle", 1)) == 1
    heir = make_broker(redis_url, maintenance_chance=1_000_000)
    heir.heartbeat_timeout = 0
    assert len(wait_until(lambda: heir.do_fetch("settle", 1))) == 1
    for broker in (dead, heir):
        broker.close()


def test_one_ring_is_sent_once_however_slow_redis_is(redis_url: str) -> None:
    """With redis-py's retries a stalled server gets the same message twice."""
    broker = make_broker(redis_url, socket_timeout=timedelta(seconds=0.2))
    assert broker.waiting("settle") == 0
    with redis.Redis.from_url(redis_url) as client:
        client.client_pause(600)
        with pytest.raises(redis.TimeoutError):
            broker.enqueue(Message("settle", "settle", ("main", "app"), {}, {}))
        client.client_unpause()
        assert client.llen(f"{NAMESPACE}:settle") <= 1
    broker.close()


class TestAway:
    """Valkey stopped and started under a publisher and a worker."""

    @pytest.fixture
    def away_url(self, own_services: EmbeddedServices) -> str:
        return own_services.redis_url

    def test_both_sides_survive(self, own_services: EmbeddedServices, away_url: str) -> None:
        publisher, listener = Publisher.open(away_url), Listener(away_url)
        publisher.ring_settle("main", "before")
        listener.hears("main", "before")

        own_services.stop_valkey()
        publisher.ring_settle("main", "meanwhile")
        wait_until(lambda: publisher.dropped == 1)
        own_services.start_valkey()

        publisher.ring_settle("main", "after")
        listener.hears("main", "after")
        listener.stop()
        publisher.close()

    def test_a_worker_ends_while_it_is_away(self, own_services: EmbeddedServices, away_url: str) -> None:
        """Dramatiq alone would try to acknowledge for ever, and never end."""
        publisher, listener = Publisher.open(away_url), Listener(away_url)
        listener.gate.clear()
        publisher.ring_settle("main", "taken")
        listener.hears("main", "taken")
        own_services.stop_valkey()
        listener.gate.set()  # only now it can be acknowledged, to nobody
        stopping = threading.Thread(target=listener.stop)
        stopping.start()
        stopping.join(8)
        assert not stopping.is_alive()
        publisher.close()
        own_services.start_valkey()

    def test_both_start_while_it_is_away(self, own_services: EmbeddedServices, away_url: str) -> None:
        own_services.stop_valkey()
        publisher, listener = Publisher.open(away_url), Listener(away_url)
        publisher.ring_settle("main", "lost")
        wait_until(lambda: publisher.dropped == 1)
        own_services.start_valkey()
        publisher.ring_settle("main", "heard")
        listener.hears("main", "heard")
        listener.stop()
        publisher.close()
