"""The publisher against a broker that is held or broken; the real one is in tests/integration/queue."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import redis
from dramatiq import Message
from structlog.testing import capture_logs

from service.queue import publisher as publisher_module
from service.queue.broker import DoorbellBroker
from service.queue.messages import RunHandler, SettleApp
from service.queue.publisher import MAX_QUEUED, Publisher
from tests.fixtures.waiting import wait_until


class HeldBroker(DoorbellBroker):
    """Keeps what it is given; `gate` holds it up, `error` breaks it, `length` is how full its queues are."""

    def __init__(self) -> None:
        super().__init__(
            redis.Redis(), middleware=(), maintenance_chance=0, heartbeat_timeout=timedelta(minutes=1)
        )
        self.gate = threading.Event()
        self.gate.set()
        self.error: Exception | None = None
        self.length = 0
        self.asked = 0
        self.sent: list[tuple[str, ...]] = []

    def waiting(self, queue_name: str) -> int:
        del queue_name
        self.asked += 1
        assert self.gate.wait(10)
        if self.error is not None:
            raise self.error
        return self.length

    def enqueue(self, message: Message[Any], *, delay: int | None = None) -> Message[Any]:
        del delay
        self.sent.append((message.queue_name, *message.args))
        return message


@pytest.fixture
def broker() -> HeldBroker:
    return HeldBroker()


@pytest.fixture
def publisher(broker: HeldBroker) -> Iterator[Publisher]:
    publisher = Publisher(broker, gap=0.001, pause_while_away=0.01)
    yield publisher
    broker.gate.set()
    publisher.close()


def hold(broker: HeldBroker, publisher: Publisher) -> None:
    """Get the sending thread stuck with one doorbell in hand."""
    broker.gate.clear()
    publisher.ring(RunHandler("held"))
    wait_until(lambda: broker.asked)


def test_a_doorbell_arrives_with_its_arguments(broker: HeldBroker, publisher: Publisher) -> None:
    publisher.ring_settle("main", "app")
    publisher.ring_run("ops")
    wait_until(lambda: publisher.rung == 2)
    assert broker.sent == [("settle", "main", "app"), ("run", "ops")]


def test_doorbells_that_wait_are_coalesced(broker: HeldBroker, publisher: Publisher) -> None:
    hold(broker, publisher)
    for _ in range(500):
        publisher.ring_settle("main", "app")
        publisher.ring_settle("main", "other")
    broker.gate.set()
    wait_until(lambda: publisher.rung == 3)
    assert sorted(broker.sent[1:]) == [("settle", "main", "app"), ("settle", "main", "other")]


def test_a_doorbell_on_its_way_does_not_swallow_a_newer_one(broker: HeldBroker, publisher: Publisher) -> None:
    hold(broker, publisher)
    publisher.ring(RunHandler("held"))
    broker.gate.set()
    wait_until(lambda: publisher.rung == 2)
    assert broker.sent == [("run", "held"), ("run", "held")]


def test_a_doorbell_that_was_just_rung_waits_and_holds_up_no_other(broker: HeldBroker) -> None:
    publisher = Publisher(broker, gap=60)
    publisher.ring_settle("main", "app")
    wait_until(lambda: publisher.rung == 1)
    for _ in range(500):
        publisher.ring_settle("main", "app")
    publisher.ring_settle("main", "other")
    wait_until(lambda: publisher.rung == 2)
    assert broker.sent == [("settle", "main", "app"), ("settle", "main", "other")]
    publisher.close(within=5)
    assert broker.sent[2:] == [("settle", "main", "app")]


def test_memory_is_bounded(broker: HeldBroker, publisher: Publisher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publisher_module, "MAX_WAITING", 10)
    hold(broker, publisher)
    for number in range(25):
        publisher.ring_settle("main", str(number))
    assert publisher.dropped == 15
    broker.gate.set()
    wait_until(lambda: publisher.rung == 11)


def test_a_queue_that_nobody_empties_gets_no_more(broker: HeldBroker, publisher: Publisher) -> None:
    broker.length = MAX_QUEUED
    with capture_logs() as logs:
        for number in range(3):
            publisher.ring_settle("main", str(number))
            wait_until(lambda number=number: publisher.dropped == number + 1)  # type: ignore[misc]
    assert broker.sent == []
    assert [log["event"] for log in logs] == ["queue.crowded"]
    broker.length = 0
    publisher.ring_settle("main", "later")
    wait_until(lambda: broker.sent == [("settle", "main", "later")])


def test_a_batch_fills_a_queue_to_its_limit_and_no_further(broker: HeldBroker, publisher: Publisher) -> None:
    hold(broker, publisher)
    broker.length = MAX_QUEUED - 3
    for number in range(10):
        publisher.ring_settle("main", str(number))
    broker.gate.set()
    wait_until(lambda: publisher.rung + publisher.dropped == 11)
    assert len([sent for sent in broker.sent if sent[0] == "settle"]) == 3


@pytest.mark.parametrize(
    "error", [redis.ConnectionError("away"), redis.TimeoutError("slow"), redis.OutOfMemoryError("full")]
)
def test_a_broken_redis_is_logged_once_and_reaches_no_caller(
    broker: HeldBroker, publisher: Publisher, error: Exception
) -> None:
    with capture_logs() as logs:
        broker.error = error
        for number in range(3):
            publisher.ring_settle("main", str(number))
            wait_until(lambda number=number: publisher.dropped == number + 1)  # type: ignore[misc]
        broker.error = None
        publisher.ring_settle("main", "back")
        wait_until(lambda: publisher.rung == 1)
    assert [log["event"] for log in logs] == ["publisher.lost", "publisher.returned"]
    assert SettleApp("main", "0") not in publisher._waiting


def test_closing_sends_what_waits(broker: HeldBroker) -> None:
    publisher = Publisher(broker)
    hold(broker, publisher)
    publisher.ring_settle("main", "last")
    broker.gate.set()
    publisher.close(within=5)
    assert broker.sent[-1] == ("settle", "main", "last")


def test_closing_waits_no_longer_than_it_may(broker: HeldBroker) -> None:
    publisher = Publisher(broker)
    hold(broker, publisher)
    publisher.close(within=0.05)  # it would hang here for the gate's ten seconds
    broker.gate.set()
    publisher.ring_settle("main", "too late")
    assert publisher.dropped == 1
