from collections.abc import Iterator

import psycopg
import pytest
from dramatiq.brokers.stub import StubBroker
from structlog.testing import capture_logs

from service.errors import LeaseLostError
from service.queue.messages import QueueName
from service.worker.actors import declare_actor
from service.worker.loop import LoopThread


@pytest.fixture
def loop() -> Iterator[LoopThread]:
    thread = LoopThread()
    thread.begin()
    yield thread
    thread.end()


def ring(error: Exception | None) -> list[str]:
    """Let a doorbell be answered that ends so; returns the levels at which that was told."""
    heard: list[tuple[str, ...]] = []

    async def answer(*arguments: str) -> None:
        heard.append(arguments)
        if error is not None:
            raise error

    broker = StubBroker(middleware=[])
    declare_actor(broker, QueueName.SETTLE, answer)
    with capture_logs() as logs:
        broker.get_actor("settle")("main", "app")
    assert heard == [("main", "app")]
    assert {log["event"] for log in logs} <= {"doorbell.failed"}
    return [log["log_level"] for log in logs]


@pytest.mark.parametrize(
    ("error", "levels"),
    [
        (None, []),
        (LeaseLostError("taken over"), ["warning"]),
        (psycopg.OperationalError("server away"), ["warning"]),
        (ValueError("a fault of ours"), ["error"]),
    ],
)
def test_a_failed_answer_is_told_and_ends_nothing(
    loop: LoopThread, error: Exception | None, levels: list[str]
) -> None:
    assert loop.is_alive()
    assert ring(error) == levels
