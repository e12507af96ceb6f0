"""How long events wait under a budget of 500 calls an hour: the relay's pacing, simulated, and other ways.

Nothing is timed: a virtual clock goes through whole days, and the figures are the same on every machine.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from benchmarks.figures import Section
from benchmarks.page import PAGE
from benchmarks.simulation.arrivals import Load
from benchmarks.simulation.drawings import Panel, draw
from benchmarks.simulation.loads import other_loads, steady_loads
from benchmarks.simulation.other_ways import call_for_each_event, look_at_fixed_times
from benchmarks.simulation.outcome import Outcome
from benchmarks.simulation.provider import WINDOW
from benchmarks.simulation.relay import Relay
from benchmarks.workbench import Workbench

_EACH = "a call for each event"
_WAYS: Mapping[str, Callable[[Load], Outcome]] = {
    "the relay": lambda load: Relay(load).run(),
    _EACH: call_for_each_event,
    "a look every 10 s": partial(look_at_fixed_times, every=10.0),
    "a look every 60 s": partial(look_at_fixed_times, every=60.0),
}
_MOST_EVENTS = 30_000
"""Where each event has calls of its own, no more of a load is simulated: they would be refused all day."""
_HEADER = (
    "events",
    "way",
    "wait p50",
    "p99",
    "longest",
    "never fetched",
    "calls an hour",
    "in the busiest hour",
    "429s",
    "records a call",
)
_IMAGES = PAGE.parent / "images"
_PROSE = """\
No measurement but a simulation: the relay's own pacing, turns, batch sizes and shares of the budget \
(`service/budget`, `service/pipeline/settling/turns.py`) on a virtual clock, a day for each load, with \
500 calls an hour that the provider counts in a moving window, 50 of them kept in reserve. Each call takes \
0.25 s. Events come independently of each other (Poisson), each of another record, in one app. A wait lasts \
from the event to the answer that holds its record; the events that were never fetched count with their wait \
until the end. 427 events an hour are 95 % of the calls that settling may make; 85,500 are 95 % of the \
records that these can fetch; 200,000 are more than any way can fetch.

A call for each event is tried again after a 429: in 1 s, doubling up to an hour, with jitter, until it \
is answered; of more than 30,000 events only the first are simulated, and no more come that day. \
A look every 10 or 60 s takes up to 200 records of each app where something waits. Both may use all 500 calls.

![How long events wait, by their number](images/budget-waits.svg)

![What that costs, by their number](images/budget-calls.svg)"""
_OTHER_PROSE = """\
The same ways. A record that never rests is looked at every 64 s in the end: it waits longer than with a \
look every 10 s, and costs an eighth of the budget instead of three quarters. In 50 apps at 95 % of the \
budget there is nothing to gather, so what comes beyond 450 calls within an hour waits until calls come \
back; the other ways use the reserve there."""


@dataclass(frozen=True, slots=True)
class _Simulated:
    load: Load
    way: str
    outcome: Outcome

    def row(self) -> list[str]:
        p50, p99, longest = self.outcome.percentiles(0.5, 0.99, 1.0)
        cut = f", only the first {_MOST_EVENTS:,}" if _is_cut(self.load, self.way) else ""
        return [
            self.load.name,
            f"{self.way}{cut}",
            _duration(p50),
            _duration(p99),
            _duration(longest),
            f"{self.outcome.left:,}",
            f"{self.calls_an_hour:,.0f}",
            f"{self.outcome.most_within(WINDOW):,}",
            f"{self.outcome.refused:,}",
            f"{self.outcome.records_a_call:,.1f}",
        ]

    @property
    def calls_an_hour(self) -> float:
        return self.outcome.calls / self.load.hours


def measure_budget(bench: Workbench) -> list[Section]:
    """Let each load happen to each way; what the steady ones came to is drawn beside the page."""
    steady = {rate: _simulate(bench, load) for rate, load in steady_loads().items()}
    others = [_simulate(bench, load) for load in other_loads()]
    _draw(steady)
    return [
        Section("Waiting for the budget", _PROSE, _HEADER, _rows(steady.values())),
        Section(
            "Waiting for the budget: bursts, days, many apps, storms", _OTHER_PROSE, _HEADER, _rows(others)
        ),
    ]


def _simulate(bench: Workbench, load: Load) -> list[_Simulated]:
    simulated = []
    for way, happen in _WAYS.items():
        part = load.only_first(load.hours * _MOST_EVENTS / load.events) if _is_cut(load, way) else load
        simulated.append(_Simulated(load, way, happen(part)))
    bench.say(f"{load.name}: {_duration(simulated[0].outcome.percentiles(0.99)[0])} at p99")
    return simulated


def _is_cut(load: Load, way: str) -> bool:
    return way == _EACH and load.events > _MOST_EVENTS


def _rows(simulated: Iterable[Sequence[_Simulated]]) -> list[list[str]]:
    return [each.row() for load in simulated for each in load]


def _draw(steady: Mapping[int, Sequence[_Simulated]]) -> None:
    def lines(value: Callable[[_Simulated], float]) -> dict[str, list[tuple[float, float]]]:
        return {
            way: [
                (rate, value(each))
                for rate, row in steady.items()
                for each in row
                if each.way == way and not _is_cut(each.load, way)
            ]
            for way in _WAYS
        }

    draw(
        [
            Panel("wait, p50", "seconds", lines(lambda each: each.outcome.percentiles(0.5)[0])),
            Panel("wait, p99", "seconds", lines(lambda each: each.outcome.percentiles(0.99)[0])),
        ],
        _IMAGES / "budget-waits.svg",
    )
    draw(
        [
            Panel("calls", "answered an hour", lines(lambda each: each.calls_an_hour)),
            Panel("records", "a call", lines(lambda each: each.outcome.records_a_call)),
        ],
        _IMAGES / "budget-calls.svg",
    )


def _duration(seconds: float) -> str:
    for length, unit in ((1, "s"), (60, "min"), (3600, "h")):
        if seconds < 100 * length:
            return f"{seconds / length:.1f} {unit}"
    return f"{seconds / 86400:.1f} d"
