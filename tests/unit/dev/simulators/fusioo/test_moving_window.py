"""The moving window, with a stranger who shares it."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from service.dev.simulators.fusioo.moving_window import MovingWindow
from service.dev.simulators.fusioo.settings import FusiooSettings

_START = datetime(2026, 11, 22, 5, tzinfo=UTC)


class _Clock:
    def __init__(self) -> None:
        self.now = _START

    def __call__(self) -> datetime:
        return self.now


@given(
    limit=st.integers(1, 8),
    rate=st.sampled_from([0.0, 1.0, 7.0, 3600.0]),
    waits=st.lists(st.floats(0, 5000), max_size=30),
)
def test_no_window_ever_holds_more_than_the_limit(limit: int, rate: float, waits: list[float]) -> None:
    clock, taken = _Clock(), []
    settings = FusiooSettings(calls_per_window=limit, stranger_calls_per_hour=rate)
    window = MovingWindow(clock, lambda: settings)
    for wait in waits:
        clock.now += timedelta(seconds=wait)
        if window.take():
            taken.append(clock.now)
        assert window.used() <= limit
        assert sum(at > clock.now - settings.window for at in taken) <= window.used()


def test_a_stranger_calls_at_an_even_rate_and_stops() -> None:
    clock = _Clock()
    settings = FusiooSettings(stranger_calls_per_hour=60)
    window = MovingWindow(clock, lambda: settings)
    used = []
    for _ in range(4):
        used.append(window.used())
        clock.now += timedelta(minutes=20)
    assert used == [0, 20, 40, 60]
    clock.now += timedelta(days=3)
    assert window.used() == 60
    settings.stranger_calls_per_hour = 0
    clock.now += timedelta(minutes=30)
    assert window.used() == 30


def test_a_stranger_takes_no_more_than_there_is() -> None:
    clock = _Clock()
    settings = FusiooSettings(calls_per_window=10, stranger_calls_per_hour=3600)
    window = MovingWindow(clock, lambda: settings)
    assert window.take()
    clock.now += timedelta(minutes=30)
    assert window.used() == 10
    assert not window.take()


def test_headers_say_when_there_is_room() -> None:
    clock = _Clock()
    settings = FusiooSettings(calls_per_window=1, window=timedelta(seconds=90), rate_headers="retry-after")
    window = MovingWindow(clock, lambda: settings)
    assert window.headers(429) == {"Retry-After": "0"}
    assert window.take()
    clock.now += timedelta(seconds=30, milliseconds=500)
    assert (window.headers(200), window.headers(429)) == ({}, {"Retry-After": "60"})
