"""One worker process by itself, as the parent of `relay worker` starts it, and what it and Postgres use."""

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.environment import relay_environment
from benchmarks.processes import Running, running, wait_until
from benchmarks.relay import INSTALLED, beating
from benchmarks.usage import cpu_seconds, postgres_cpu_seconds
from service.dev.environment import ServiceUrls
from service.queue.messages import Doorbell, QueueName
from service.queue.publisher import Publisher
from service.worker.main import THREADS

_GRACE = 5.0
_PATIENCE = 300.0  # seconds for one round of work, also on a busy machine


@dataclass(frozen=True, slots=True)
class Spent:
    """What some work took, in seconds."""

    wall: float
    worker_cpu: float
    postgres_cpu: float


@dataclass(frozen=True, slots=True)
class WorkerChild:
    """A worker process that answers the doorbells of one queue."""

    process: Running
    urls: ServiceUrls

    def work(self, doorbells: list[Doorbell], is_done: Callable[[], bool]) -> Spent:
        """Ring, wait until all is done, and tell what that took."""
        with closing(Publisher.open(self.urls.redis_url)) as publisher:
            own, postgres = cpu_seconds(self.process.pid), postgres_cpu_seconds(self.urls.database_url)
            began = time.monotonic()
            for doorbell in doorbells:
                publisher.ring(doorbell)
            wait_until(is_done, what="all is done", processes=[self.process], timeout=_PATIENCE)
            wall = time.monotonic() - began
            return Spent(
                wall,
                cpu_seconds(self.process.pid) - own,
                postgres_cpu_seconds(self.urls.database_url) - postgres,
            )


@contextmanager
def running_child(
    queue: QueueName, urls: ServiceUrls, directory: Path, variables: Mapping[str, str]
) -> Iterator[WorkerChild]:
    """Run one process of a queue, with its usual number of threads, until the block ends."""
    environment = {**relay_environment(urls, config=INSTALLED / "throughput.yaml"), **variables}
    lifeline, our_end = os.pipe()
    options = ["--threads", str(THREADS[queue]), "--grace", str(_GRACE), queue.value, str(lifeline)]
    command = [sys.executable, "-P", "-m", "service.worker.child", *options]
    try:
        with running(
            queue.value, command, directory=directory, environment=environment, pass_fds=[lifeline]
        ) as child:
            wait_until(
                lambda: queue.value in beating(urls.database_url),
                what=f"the process for {queue.value} works",
                processes=[child],
            )
            yield WorkerChild(child, urls)
    finally:
        os.close(lifeline)
        os.close(our_end)
