"""How long a single delivery takes, on a relay that has nothing else to do, until its handler starts.

From the moment before the provider connects to the first line of the handler: web, Postgres, Redis, the
settling process, the provider's API over HTTP, Postgres, Redis again, the process that runs handlers.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import psycopg

from benchmarks.figures import Section
from benchmarks.relay import INSTALLED
from benchmarks.sampling import LEAST_PAUSE, MOST_PAUSE, Sample, milliseconds, sampled_relay, share
from benchmarks.workbench import Workbench

_SAMPLES = 200
_WARM_UP = 40


@dataclass(frozen=True, slots=True)
class _Steps:
    """Moments of the same way, as Postgres noted them."""

    asked: float
    answered: float
    claimed: float


def measure_latency(bench: Workbench) -> list[Section]:
    """Measure the whole way, and its parts by what the tables tell."""
    with sampled_relay(bench, INSTALLED / "latency.yaml", _WARM_UP + _SAMPLES) as samples:
        steps = _read_steps(bench.urls.database_url)
    assert len(steps) == len(samples), f"{len(samples)} deliveries led to {len(steps)} attempts"
    return [_whole(samples[_WARM_UP:]), _parts(samples[_WARM_UP:], steps[_WARM_UP:])]


def _read_steps(database_url: str) -> list[_Steps]:
    with psycopg.connect(database_url) as connection:
        rows = connection.execute(
            """
            SELECT calls.started_at, calls.finished_at, attempts.started_at FROM deliveries
            JOIN calls ON calls.id = deliveries.call_id JOIN runs ON runs.change_id = deliveries.change_id
            JOIN attempts ON attempts.run_id = runs.id ORDER BY deliveries.id"""
        )
        return [_Steps(*(moment.timestamp() for moment in row)) for row in rows]


def _whole(samples: Sequence[Sample]) -> Section:
    taken = [sample.taken for sample in samples]
    spread = f"{min(taken) * 1000:.0f} to {max(taken) * 1000:.0f} ms"
    rows = [
        ["median (p50)", milliseconds(share(taken, 0.5)), spread, "≤ 50 ms"],
        ["99 of 100 (p99)", milliseconds(share(taken, 0.99)), spread, "≤ 250 ms"],
    ]
    prose = (
        f"One POST at a time, {len(taken)} of them, with pauses of {LEAST_PAUSE:g} to {MOST_PAUSE:g} s "
        "between; `relay web`, `relay worker` and `relay scheduler` run as they are installed, settings as "
        "they are by default. It counts from before the connection of the POST is opened to the first line "
        "of a Python handler in its own process: receiving and storing, a doorbell through Redis, the call "
        "of the provider's API over HTTP (the simulator, which answers at once; the real Fusioo's time "
        "comes on top), comparing, matching, storing, a second doorbell, claiming the run. "
        f"{_WARM_UP} more before them are not counted."
    )
    header = ["an idle relay", "POST until the handler starts", "least to most", "goal"]
    return Section("From an idle POST to the handler", prose, header, rows)


def _parts(samples: Sequence[Sample], steps: Sequence[_Steps]) -> Section:
    pairs = list(zip(samples, steps, strict=True))
    parts = {
        "POST → 202": [sample.acknowledged - sample.posted for sample in samples],
        "POST → settling has claimed the app": [step.asked - sample.posted for sample, step in pairs],
        "→ the provider's answer is there": [step.answered - step.asked for step in steps],
        "→ change stored, run claimed": [step.claimed - step.answered for step in steps],
        "→ handler starts": [sample.started - step.claimed for sample, step in pairs],
    }
    rows = [
        [name, milliseconds(share(taken, 0.5)), milliseconds(share(taken, 0.99))]
        for name, taken in parts.items()
    ]
    prose = (
        "The same samples, by the moments that the tables hold. The last four follow each other; the 202 is "
        "part of the first of them. Each doorbell waits up to 15 ms for an idle worker to look "
        "(`RELAY_POLL_EVERY`)."
    )
    return Section("Where that time goes", prose, ["part", "p50", "p99"], rows)
