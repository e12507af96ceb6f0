"""Single deliveries of an idle relay, from their POST until the handler `tell` starts."""

import http.client
import json
import random
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.processes import LOOPBACK, shown
from benchmarks.relay import running_relay, wait_until_watching
from benchmarks.simulator import TOKEN, Simulator, Webhook, running_simulator
from benchmarks.workbench import Workbench
from service.fusioo.webhooks import SECRET_HEADER

LEAST_PAUSE, MOST_PAUSE = 0.1, 0.3
"""Seconds between a handler's start and the next POST: uneven, so that no period of ours keeps step."""
_TASKS = 40
"""So many that each rests between two edits: one that follows within 5 s would be looked at twice."""
PATIENCE = 30.0
_TOLD_EVERY = 50
_STAMP_SIZE = 1024


@dataclass(frozen=True, slots=True)
class Sample:
    """Moments in seconds since 1970, all of one machine's clock."""

    posted: float
    acknowledged: float
    started: float

    @property
    def taken(self) -> float:
        """Seconds from the POST until the handler started."""
        return self.started - self.posted


@contextmanager
def sampled_relay(
    bench: Workbench, config: Path, count: int, variables: Mapping[str, str] | None = None
) -> Iterator[list[Sample]]:
    """Run a relay on a simulator, and give `count` samples taken one after the other; then all ends.

    `config` has a handler `tell`, for tasks of high priority; `variables` are what else it needs.
    """
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sink,
        running_simulator(bench.directory) as simulator,
    ):
        sink.bind((LOOPBACK, 0))
        sink.settimeout(PATIENCE)
        told = {
            "BENCHMARK_TOKEN": TOKEN,
            "BENCHMARK_PROVIDER": simulator.url,
            "BENCHMARK_SINK": str(sink.getsockname()[1]),
            **(variables or {}),
        }
        with running_relay(bench.urls, bench.directory, config=config, variables=told) as processes:
            wait_until_watching(bench.urls.database_url, processes=list(processes.values()))
            try:
                samples = _take(bench, simulator, sink, count)
            except TimeoutError:
                message = f"no handler has started within {PATIENCE:g} s{shown(processes.values())}"
                raise SystemExit(message) from None
        yield samples


def share(values: Sequence[float], part: float) -> float:
    """The value below which `part` of them lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


def milliseconds(seconds: float) -> str:
    """As a table shows it."""
    return f"{seconds * 1000:.1f} ms"


class Sampler:
    """Edits one task after the other at a running relay's simulator, whose own deliveries are lost."""

    def __init__(self, simulator: Simulator, sink: socket.socket) -> None:
        """`sink`: where the handler `tell` says when it began."""
        simulator.tell_nobody()
        self._simulator, self._sink = simulator, sink
        self._webhook = simulator.webhook_of_updates()
        self._tasks = [
            simulator.create_task(title=f"Task {number}", priority=["High"]) for number in range(_TASKS)
        ]
        self._uneven = random.Random(0)  # noqa: S311  repeatable, protects nothing
        self._taken = 0

    def take(self) -> Sample:
        """Edit the next task, pause, tell of it, and wait for the handler."""
        record_id = self._tasks[self._taken % _TASKS]
        self._simulator.update(record_id, notes=f"Edit {self._taken}")
        time.sleep(self._uneven.uniform(LEAST_PAUSE, MOST_PAUSE))
        self._taken += 1
        return _sample(self._webhook, record_id, self._sink)


def _take(bench: Workbench, simulator: Simulator, sink: socket.socket, count: int) -> list[Sample]:
    sampler = Sampler(simulator, sink)
    samples = []
    for number in range(count):
        samples.append(sampler.take())
        if number % _TOLD_EVERY == 0:
            bench.say(f"sample {number}: {milliseconds(samples[-1].taken)}")
    return samples


def _sample(webhook: Webhook, record_id: str, sink: socket.socket) -> Sample:
    url = urlsplit(webhook.url)
    headers = {SECRET_HEADER: webhook.secret, "Content-Type": "application/json"}
    body = json.dumps({"id": record_id})
    posted = time.time()
    connection = http.client.HTTPConnection(url.netloc, timeout=PATIENCE)
    connection.request("POST", url.path, body, headers)
    answer = connection.getresponse()
    acknowledged = time.time()
    connection.close()
    assert answer.status == http.client.ACCEPTED, f"the relay answered {answer.status}"
    told = json.loads(sink.recv(_STAMP_SIZE))
    assert told["record_id"] == record_id, f"{record_id} was changed, {told['record_id']} was handled"
    return Sample(posted, acknowledged, told["at"] / 1e9)
