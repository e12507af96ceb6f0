"""Dramatiq's own no-op: an actor that does nothing, in one worker process, as Dramatiq comes.

`python -m benchmarks.noop REDIS_URL THREADS MESSAGES` puts the messages into the queue, then works them off,
and prints its outcome.
"""

import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass

import dramatiq
from dramatiq.brokers.redis import RedisBroker

from benchmarks.processes import ROOT

MESSAGES = 5000
DEFAULT_THREADS = 8
"""Of one process of Dramatiq's own command line."""

_NAMESPACE = "benchmark-noop"
_PATIENCE = 120.0
_PAUSE = 0.01


@dataclass(frozen=True, slots=True)
class Noop:
    """What came of it."""

    rate: float
    """Messages a second."""
    cpu: float
    """Seconds of CPU of the worker process for one message."""


def measure_noop(redis_url: str, *, threads: int, messages: int = MESSAGES) -> Noop:
    """Run it in a process of its own. Raises CalledProcessError, TimeoutExpired."""
    done = subprocess.run(  # noqa: S603  our own module
        [sys.executable, "-m", "benchmarks.noop", redis_url, str(threads), str(messages)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=True,
        timeout=_PATIENCE,
    )
    return Noop(**json.loads(done.stdout))


def noop_cases(threads: int) -> dict[str, int]:
    """Which no-ops something with so many threads is compared with: by name, the number of threads."""
    cases = {f"no-op, {threads} threads": threads}
    if threads < DEFAULT_THREADS:
        # With few threads Dramatiq fetches few messages at a time, and sleeps in between.
        cases[f"no-op, {DEFAULT_THREADS} threads (Dramatiq's default)"] = DEFAULT_THREADS
    return cases


def work_off(redis_url: str, *, threads: int, messages: int) -> Noop:
    """Fill the queue, start the worker, wait until the queue is empty. Everything as it is by default."""
    broker = RedisBroker(url=redis_url, namespace=_NAMESPACE)  # type: ignore[no-untyped-call]  # Dramatiq's
    actor = dramatiq.actor(broker=broker, actor_name="nothing")(_do_nothing)
    broker.flush_all()
    for _ in range(messages):
        actor.send()
    worker = dramatiq.Worker(broker, worker_threads=threads)
    cpu, began = time.process_time(), time.monotonic()
    worker.start()
    while broker.do_qsize(actor.queue_name):
        time.sleep(_PAUSE)
    wall, used = time.monotonic() - began, time.process_time() - cpu
    worker.stop()
    broker.flush_all()
    broker.close()
    return Noop(messages / wall, used / messages)


def _do_nothing() -> None:
    pass


if __name__ == "__main__":
    url, threads_wanted, messages_wanted = sys.argv[1:]
    outcome = work_off(url, threads=int(threads_wanted), messages=int(messages_wanted))
    print(json.dumps(asdict(outcome)))
