"""The simulation: a day near the limit, what it is compared with, and that it is the same each time."""

from array import array
from pathlib import Path

import pytest

from benchmarks.simulation.arrivals import HOUR, AppEvents, Load, in_bursts, in_rhythm, steadily
from benchmarks.simulation.drawings import Panel, draw
from benchmarks.simulation.other_ways import call_for_each_event, look_at_fixed_times
from benchmarks.simulation.outcome import Outcome
from benchmarks.simulation.provider import CALLS, DURATION, WINDOW, Provider
from benchmarks.simulation.relay import Relay

USABLE = 450
LONGEST_WAIT = 4 * WINDOW / USABLE
"""What pacing promises (`service/budget/pacing.py`)."""


def load(*times: float, hot: tuple[float, ...] = (), hours: float = 1.0) -> Load:
    return Load("some", [AppEvents(array("d", times), array("d", hot))], hours)


def test_a_day_at_95_percent_of_the_budget_has_no_refusal_and_no_long_wait() -> None:
    day = Relay(Load("427 an hour", steadily(0.95 * USABLE))).run()
    assert day.refused == 0
    assert day.left == 0
    assert day.most_within(WINDOW) <= USABLE
    p50, p99, longest = day.percentiles(0.5, 0.99, 1.0)
    assert p50 == pytest.approx(DURATION), "at once"
    assert p99 < WINDOW / USABLE
    assert longest <= LONGEST_WAIT + DURATION


def test_hours_at_95_percent_of_what_calls_can_fetch_have_no_refusal() -> None:
    outcome = Relay(Load("85,500 an hour", steadily(0.95 * USABLE * 200, hours=3), 3)).run()
    assert outcome.refused == 0
    assert outcome.records_a_call > 150
    assert outcome.percentiles(1.0)[0] < 300, "what is lost until batches are large is made up for"


def test_a_burst_of_20_000_is_fetched_at_once_in_full_batches() -> None:
    bursts = in_bursts(20_000, every=2, over=10, hours=2, apps=3)
    outcome = Relay(Load("burst", [AppEvents(times) for times in bursts], 2)).run()
    assert (outcome.refused, outcome.left) == (0, 0)
    assert outcome.records_a_call >= 150
    assert outcome.percentiles(1.0)[0] < 60


def test_a_record_edited_1_000_times_in_10_s_costs_few_calls() -> None:
    edits = tuple(i / 100 for i in range(1000))
    outcome = Relay(load(hot=edits)).run()
    assert 2 <= outcome.calls <= 6
    assert outcome.left == 0, "its last state was seen"


def test_a_call_for_each_event_is_refused_and_tried_again() -> None:
    events = load(*[float(i) for i in range(CALLS + 1)], hours=3)
    outcome = call_for_each_event(events)
    assert (outcome.calls, outcome.left) == (CALLS + 1, 0)
    assert outcome.refused > 3
    assert outcome.percentiles(1.0)[0] > HOUR / 2


def test_a_look_at_fixed_times_takes_what_waits() -> None:
    outcome = look_at_fixed_times(load(1.0, 2.0, 11.0), every=10.0)
    assert (outcome.calls, outcome.records) == (2, 3)
    assert sorted(outcome.waits) == pytest.approx([8.0 + DURATION, 9.0 + DURATION, 9.0 + DURATION])


def test_the_provider_counts_what_it_answered_within_the_window() -> None:
    provider = Provider(2, 10.0)
    assert [provider.accepts(at) for at in (0.0, 1.0, 9.0, 10.0, 10.5, 11.0)] == [
        True,
        True,
        False,
        True,
        False,
        True,
    ]


def test_the_busiest_window_is_found() -> None:
    outcome = Outcome()
    for at in (0.0, 8.0, 9.0, 10.0, 30.0):
        outcome.fetched([], at, at, records=0)
    assert outcome.most_within(10.0) == 3, "the first has left when the fourth begins"


def test_what_is_never_fetched_counts_with_its_wait() -> None:
    outcome = Outcome()
    outcome.never_fetched([10.0, 40.0], 100.0)
    assert (outcome.left, outcome.percentiles(0.5, 1.0)) == (2, [90.0, 90.0])


def test_loads_are_the_same_each_time() -> None:
    assert steadily(1000)[0].times == steadily(1000)[0].times
    assert in_rhythm(1000)[0].times == in_rhythm(1000)[0].times
    assert len(steadily(1000)[0]) == pytest.approx(24_000, rel=0.05)
    assert len(in_rhythm(1000)[0]) == pytest.approx(24_000, rel=0.05)
    assert steadily(1000, apps=2)[0].times != steadily(1000, apps=2)[1].times


def test_the_beginning_of_a_load_holds_what_happens_in_it() -> None:
    first = load(1.0, HOUR - 1, HOUR, hot=(HOUR / 2, HOUR + 1), hours=2).only_first(1)
    assert (first.hours, first.events) == (2, 3)


def test_drawings_are_the_same_each_time(tmp_path: Path) -> None:
    panel = Panel("wait", "seconds", {"the relay": [(10, 0.25), (100, 0.5)]})
    for name in ("one", "two"):
        draw([panel, panel], tmp_path / "images" / f"{name}.svg")
    one, two = ((tmp_path / "images" / f"{name}.svg").read_bytes() for name in ("one", "two"))
    assert one == two
    assert b"the relay" in one
