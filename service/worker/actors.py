"""The actors: from a doorbell to the one thing that a worker process does. As thin as they can be."""

from collections.abc import Awaitable, Callable

import dramatiq
import structlog

from service.db.failures import is_our_fault
from service.errors import RelayError
from service.queue.messages import QueueName

Answer = Callable[..., Awaitable[None]]
"""What a doorbell of one queue sets off; it takes the doorbell's arguments (`queue.messages`)."""


def declare_actor(
    broker: dramatiq.Broker, queue: QueueName, answer: Answer, *, name: str | None = None
) -> None:
    """Let the doorbells of a queue on this broker be answered; `name`, if it is not the queue's own actor.

    A doorbell that fails is done, like any other: nothing is lost by it, and the sweep rings again.
    """

    async def answer_doorbell(*arguments: str) -> None:
        log = structlog.get_logger().bind(queue=queue.value, arguments=arguments)
        try:
            await answer(*arguments)
        except RelayError as error:
            log.warning("doorbell.failed", error=f"{type(error).__name__}: {error}")
        except Exception as error:
            if is_our_fault(error):
                log.warning("doorbell.failed", error=type(error).__name__)
            else:
                log.exception("doorbell.failed")

    dramatiq.actor(broker=broker, actor_name=name or queue.value, queue_name=queue.value)(answer_doorbell)
