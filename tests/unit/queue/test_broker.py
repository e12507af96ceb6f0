from datetime import timedelta
from typing import Any

import pytest
import redis
from structlog.testing import capture_logs

from service.queue.broker import DoorbellBroker, make_broker

BROKEN = [
    redis.ConnectionError("gone"),
    redis.TimeoutError("slow"),  # no ConnectionError: Dramatiq takes it for a bug of its own
    redis.OutOfMemoryError("full"),
    redis.ReadOnlyError("replica"),
]


class BreakableBroker(DoorbellBroker):
    """Answers every command with `answer`, or raises it."""

    answer: Any = ()

    def _command(self, command: str, queue_name: str, *arguments: str | int) -> Any:
        del command, queue_name, arguments
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def broker() -> BreakableBroker:
    whole = make_broker("redis://127.0.0.1:1/0")
    broker = BreakableBroker(
        whole.client, middleware=(), maintenance_chance=0, heartbeat_timeout=timedelta(minutes=1)
    )
    broker._closed.set()  # does not pause between two looks
    return broker


@pytest.mark.parametrize("error", BROKEN, ids=lambda error: type(error).__name__)
def test_a_consumer_finds_nothing_while_redis_is_broken(broker: BreakableBroker, error: Exception) -> None:
    with capture_logs() as logs:
        broker.answer = error
        assert [broker.do_fetch("settle", 1) for _ in range(3)] == [[], [], []]
        broker.answer = [b"doorbell"]
        assert [broker.do_fetch("settle", 1) for _ in range(2)] == [[b"doorbell"], [b"doorbell"]]
    assert [log["event"] for log in logs] == ["queue.lost", "queue.returned"]


@pytest.mark.parametrize("error", BROKEN, ids=lambda error: type(error).__name__)
def test_no_thread_waits_to_acknowledge(broker: BreakableBroker, error: Exception) -> None:
    broker.answer = error
    broker.do_ack("settle", "one")
    broker.do_nack("settle", "one")
    broker.do_requeue("settle", "one", "two")


def test_what_a_url_says_of_timeouts_wins() -> None:
    broker = make_broker("unix:///nowhere.sock?db=3&socket_timeout=7")
    settings = broker.client.connection_pool.connection_kwargs
    assert (settings["db"], settings["socket_timeout"]) == (3, 7.0)


def test_none_of_dramatiqs_own_middleware_is_there() -> None:
    assert make_broker("redis://127.0.0.1:1/0").middleware == []
