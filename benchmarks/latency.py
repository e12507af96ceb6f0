"""How long a single delivery takes, on a relay that has nothing else to do, until its handler starts.

From the moment before the provider connects to the first line of the handler: web, Postgres, Redis, the
settling process, the provider's API over HTTP, Postgres, Redis again, the process that runs handlers.
"""

import http.client
import json
import random
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import psycopg

from benchmarks.figures import Section
from benchmarks.processes import LOOPBACK, shown
from benchmarks.relay import INSTALLED, running_relay
from benchmarks.simulator import TOKEN, Simulator, Webhook, running_simulator
from benchmarks.workbench import Workbench
from service.fusioo.webhooks import SECRET_HEADER

_SAMPLES = 200
_WARM_UP = 40
_TASKS = 40
"""So many that each rests between two edits: one that follows within 5 s would be looked at twice."""
_LEAST_PAUSE, _MOST_PAUSE = 0.1, 0.3
"""Seconds between a handler's start and the next POST: uneven, so that no period of ours keeps step."""
_PATIENCE = 30.0
_TOLD_EVERY = 50
_STAMP_SIZE = 1024


@dataclass(frozen=True, slots=True)
class _Sample:
    """Moments in seconds since 1970, all of one machine's clock."""

    posted: float
    acknowledged: float
    started: float


@dataclass(frozen=True, slots=True)
class _Steps:
    """Moments of the same way, as Postgres noted them."""

    asked: float
    answered: float
    claimed: float


def measure_latency(bench: Workbench) -> list[Section]:
    """Measure the whole way, and its parts by what the tables tell."""
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sink,
        running_simulator(bench.directory) as simulator,
    ):
        sink.bind((LOOPBACK, 0))
        sink.settimeout(_PATIENCE)
        variables = {
            "BENCHMARK_TOKEN": TOKEN,
            "BENCHMARK_PROVIDER": simulator.url,
            "BENCHMARK_SINK": str(sink.getsockname()[1]),
        }
        config = INSTALLED / "latency.yaml"
        with running_relay(bench.urls, bench.directory, config=config, variables=variables) as processes:
            try:
                samples = _take(bench, simulator, sink)
            except TimeoutError:
                message = f"no handler has started within {_PATIENCE:g} s{shown(processes.values())}"
                raise SystemExit(message) from None
        steps = _read_steps(bench.urls.database_url)
    assert len(steps) == len(samples), f"{len(samples)} deliveries led to {len(steps)} attempts"
    return [_whole(samples[_WARM_UP:]), _parts(samples[_WARM_UP:], steps[_WARM_UP:])]


def _take(bench: Workbench, simulator: Simulator, sink: socket.socket) -> list[_Sample]:
    simulator.tell_nobody()
    webhook = simulator.webhook_of_updates()
    tasks = [simulator.create_task(title=f"Task {number}", priority=["High"]) for number in range(_TASKS)]
    uneven = random.Random(0)  # noqa: S311  repeatable, protects nothing
    samples = []
    for number in range(_WARM_UP + _SAMPLES):
        record_id = tasks[number % _TASKS]
        simulator.update(record_id, notes=f"Edit {number}")
        time.sleep(uneven.uniform(_LEAST_PAUSE, _MOST_PAUSE))
        samples.append(_sample(webhook, record_id, sink))
        if number % _TOLD_EVERY == 0:
            bench.say(f"sample {number}: {_milliseconds(samples[-1].started - samples[-1].posted)}")
    return samples


def _sample(webhook: Webhook, record_id: str, sink: socket.socket) -> _Sample:
    url = urlsplit(webhook.url)
    headers = {SECRET_HEADER: webhook.secret, "Content-Type": "application/json"}
    body = json.dumps({"id": record_id})
    posted = time.time()
    connection = http.client.HTTPConnection(url.netloc, timeout=_PATIENCE)
    connection.request("POST", url.path, body, headers)
    answer = connection.getresponse()
    acknowledged = time.time()
    connection.close()
    assert answer.status == http.client.ACCEPTED, f"the relay answered {answer.status}"
    told = json.loads(sink.recv(_STAMP_SIZE))
    assert told["record_id"] == record_id, f"{record_id} was changed, {told['record_id']} was handled"
    return _Sample(posted, acknowledged, told["at"] / 1e9)


def _read_steps(database_url: str) -> list[_Steps]:
    with psycopg.connect(database_url) as connection:
        rows = connection.execute(
            """
            SELECT calls.started_at, calls.finished_at, attempts.started_at FROM deliveries
            JOIN calls ON calls.id = deliveries.call_id JOIN runs ON runs.change_id = deliveries.change_id
            JOIN attempts ON attempts.run_id = runs.id ORDER BY deliveries.id"""
        )
        return [_Steps(*(moment.timestamp() for moment in row)) for row in rows]


def _whole(samples: Sequence[_Sample]) -> Section:
    taken = [sample.started - sample.posted for sample in samples]
    spread = f"{min(taken) * 1000:.0f} to {max(taken) * 1000:.0f} ms"
    rows = [
        ["median (p50)", _milliseconds(_share(taken, 0.5)), spread, "≤ 50 ms"],
        ["99 of 100 (p99)", _milliseconds(_share(taken, 0.99)), spread, "≤ 250 ms"],
    ]
    prose = (
        f"One POST at a time, {len(taken)} of them, with pauses of {_LEAST_PAUSE:g} to {_MOST_PAUSE:g} s "
        "between; `relay web`, `relay worker` and `relay scheduler` run as they are installed, settings as "
        "they are by default. It counts from before the connection of the POST is opened to the first line "
        "of a Python handler in its own process: receiving and storing, a doorbell through Redis, the call "
        "of the provider's API over HTTP (the simulator, which answers at once; the real Fusioo's time "
        "comes on top), comparing, matching, storing, a second doorbell, claiming the run. "
        f"{_WARM_UP} more before them are not counted."
    )
    header = ["an idle relay", "POST until the handler starts", "least to most", "goal"]
    return Section("From an idle POST to the handler", prose, header, rows)


def _parts(samples: Sequence[_Sample], steps: Sequence[_Steps]) -> Section:
    pairs = list(zip(samples, steps, strict=True))
    parts = {
        "POST → 202": [sample.acknowledged - sample.posted for sample in samples],
        "POST → settling has claimed the app": [step.asked - sample.posted for sample, step in pairs],
        "→ the provider's answer is there": [step.answered - step.asked for step in steps],
        "→ change stored, run claimed": [step.claimed - step.answered for step in steps],
        "→ handler starts": [sample.started - step.claimed for sample, step in pairs],
    }
    rows = [
        [name, _milliseconds(_share(taken, 0.5)), _milliseconds(_share(taken, 0.99))]
        for name, taken in parts.items()
    ]
    prose = (
        "The same samples, by the moments that the tables hold. The last four follow each other; the 202 is "
        "part of the first of them. Each doorbell waits up to 15 ms for an idle worker to look "
        "(`RELAY_POLL_EVERY`)."
    )
    return Section("Where that time goes", prose, ["part", "p50", "p99"], rows)


def _share(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"
