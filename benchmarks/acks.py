"""Durable acknowledgements: how many a second, and how late at half of that.

The receiver against the same server answering 202 from an empty route, and from one that only reads the body.
Rounds are interleaved, and ratios are taken within a round, so that a slow minute of the machine hits all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.environment import SECRET, WEBHOOK_PATH, Receiver, running_receiver
from benchmarks.figures import Figure, Section
from benchmarks.load import Load, Outcome, generate
from benchmarks.routes import BODY_PATH, EMPTY_PATH
from benchmarks.workbench import Say, Workbench
from service.fusioo.webhooks import SECRET_HEADER

_PATHS = {"empty route": EMPTY_PATH, "body only": BODY_PATH, "receiver": WEBHOOK_PATH}
_ROUNDS, _LATENCY_ROUNDS = 5, 9
_SECONDS = 2.0
_BUSIEST = 0.85
"""Of one core: beyond that the generator may be what is measured."""


@dataclass(frozen=True, slots=True)
class _Round:
    outcome: Outcome
    server_cpu: float
    """Seconds of CPU of the web process for one request."""


def measure_acks(bench: Workbench) -> list[Section]:
    """Measure both. Every 202 of the receiver must be a row afterwards."""
    with running_receiver(bench.urls, bench.directory) as receiver:
        full = _rounds(receiver, None, _ROUNDS, bench.say)
        rate = Figure.of([each.outcome.rate for each in full["receiver"]]).median
        receiver.checkpoint()
        half = _rounds(receiver, rate / 2, _LATENCY_ROUNDS, bench.say)
        stored = receiver.stored()
    sent = sum(each.outcome.sent for rounds in (full, half) for each in rounds["receiver"])
    assert stored == sent, f"{sent} deliveries were acknowledged, {stored} are stored"
    return [_throughput(full, stored), _ratios(full), _latency(half, rate / 2)]


def _rounds(receiver: Receiver, rate: float | None, rounds: int, say: Say) -> dict[str, list[_Round]]:
    taken: dict[str, list[_Round]] = {name: [] for name in _PATHS}
    for number in range(rounds):
        for name, path in _PATHS.items():
            cpu = receiver.cpu_seconds()
            outcome = generate(_load(receiver.port, path, rate))
            spent = (receiver.cpu_seconds() - cpu) / outcome.sent
            taken[name].append(_Round(outcome, spent))
            say(
                f"round {number + 1}/{rounds} {name}: {outcome.rate:,.0f}/s,"
                f" p50 {outcome.p50 * 1000:.1f} ms, p99 {outcome.p99 * 1000:.1f} ms"
            )
            assert outcome.busy < _BUSIEST, f"the load generator is the bottleneck: busy {outcome.busy:.0%}"
    return taken


def _load(port: int, path: str, rate: float | None) -> Load:
    return Load(
        port=port,
        path=path,
        headers={SECRET_HEADER: SECRET},
        body='{"id": "i59adb"}',
        seconds=_SECONDS,
        rate=rate,
    )


def _throughput(full: Mapping[str, Sequence[_Round]], stored: int) -> Section:
    rows = []
    for name, rounds in full.items():
        rates = Figure.of([each.outcome.rate for each in rounds])
        cpu = Figure.of([each.server_cpu * 1e6 for each in rounds])
        busy = Figure.of([each.outcome.busy * 100 for each in rounds])
        rows.append(
            [name, *rates.cells(digits=0), cpu.cells(digits=0, unit=" µs")[0], f"{busy.median:.0f} %"]
        )
    prose = (
        "One web process, 64 connections, each sending its next request when the last one is answered. "
        f"No worker runs. All {stored:,} deliveries that the receiver acknowledged, here and below, were "
        "found in the database afterwards."
    )
    header = ["route", "202 a second", "spread", "web CPU per request", "generator busy (of a core)"]
    return Section("Durable acknowledgements per second", prose, header, rows)


def _ratios(full: Mapping[str, Sequence[_Round]]) -> Section:
    rows = []
    for name, goal in (("empty route", "≥ 0.5"), ("body only", "none")):
        ratios = [
            ours.outcome.rate / theirs.outcome.rate
            for ours, theirs in zip(full["receiver"], full[name], strict=True)
        ]
        rows.append([f"receiver ÷ {name}", *Figure.of(ratios).cells(digits=2), goal])
    prose = "The same rounds, each compared with its neighbours."
    return Section("What durability costs", prose, ["ratio", "median", "spread", "goal"], rows)


def _latency(half: Mapping[str, Sequence[_Round]], rate: float) -> Section:
    rows = []
    for name, rounds in half.items():
        p50 = Figure.of([each.outcome.p50 * 1000 for each in rounds])
        p99 = Figure.of([each.outcome.p99 * 1000 for each in rounds])
        goal = "≤ 10 ms" if name == "receiver" else "none"
        rows.append([name, *p50.cells(digits=1, unit=" ms"), *p99.cells(digits=1, unit=" ms"), goal])
    prose = (
        f"{rate:,.0f} requests a second at even distances: half of what the receiver can do. A request that "
        "finds its connection busy has waited since it was due."
    )
    header = ["route", "p50", "spread", "p99", "spread", "goal for p99"]
    return Section("Latency at half load", prose, header, rows)
