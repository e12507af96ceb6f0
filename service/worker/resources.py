"""What one worker process holds: opened before the first doorbell, closed after the last, in order."""

from collections.abc import Callable, Collection, Coroutine, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

from service.config import Settings
from service.db.processes import Heartbeat
from service.queue.messages import QueueName
from service.rules.files import ConfigurationFiles
from service.worker.actors import Answer
from service.worker.assembly import assemble
from service.worker.workplace import open_workplace


@dataclass(frozen=True, slots=True)
class Resources:
    """A worker process that is ready to answer."""

    answers: Mapping[str, Answer]
    """What the doorbells of its queue set off, by the name of their actor."""
    heartbeat: Heartbeat
    """Its `stop` frees every lease of the process."""
    close: Callable[[], Coroutine[Any, Any, None]]
    """Closes everything, the heartbeat too; once, when nothing runs any more."""
    stuck_handlers: Callable[[], Collection[str]]
    """Those with a call that could not be ended, so that the process has to. From any thread."""
    wind_down: Callable[[], None]
    """Begin nothing new within what is being done: the process is about to end. From any thread."""


OpenResources = Callable[[Settings, QueueName, int], Coroutine[Any, Any, Resources]]
"""Takes also how many doorbells are answered at once."""


async def open_resources(
    settings: Settings, queue: QueueName, threads: int, *, files: ConfigurationFiles | None = None
) -> Resources:
    """Open what the process of a queue needs. Raises what `open_workplace` and `assemble` raise."""
    async with AsyncExitStack() as held:
        # As many again may be opened: `ctx.db` holds one for as long as a handler works.
        place = await open_workplace(settings, queue.value, held, files=files, pool_size=threads)
        work = assemble(queue, place, held, threads=threads)
        await work.begin()
        return Resources(
            work.answers, place.heartbeat, held.pop_all().aclose, work.stuck_handlers, work.wind_down
        )
