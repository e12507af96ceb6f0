"""When a failed run is tried again."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.handlers.retrying import LONGEST_WISH, next_attempt

DELAYS = (timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=2))
jitters = st.floats(0, 1, exclude_max=True)


@pytest.mark.parametrize(("attempts", "delay"), [*enumerate(DELAYS, start=1)])
def test_each_failed_attempt_has_its_delay(attempts: int, delay: timedelta) -> None:
    assert next_attempt(DELAYS, attempts, retry_after=None, jitter=0.5) == delay


def test_n_delays_are_n_plus_one_attempts() -> None:
    assert next_attempt(DELAYS, 3, retry_after=None, jitter=0.5) is not None
    assert next_attempt(DELAYS, 4, retry_after=None, jitter=0.5) is None
    assert next_attempt((), 1, retry_after=60.0, jitter=0.5) is None


@given(jitters, st.integers(1, 3))
def test_jitter_moves_by_a_tenth_at_most(jitter: float, attempts: int) -> None:
    delay = next_attempt(DELAYS, attempts, retry_after=None, jitter=jitter)
    assert delay is not None
    assert DELAYS[attempts - 1] * 0.9 <= delay <= DELAYS[attempts - 1] * 1.1


def test_jitter_uses_its_whole_range() -> None:
    assert next_attempt(DELAYS, 2, retry_after=None, jitter=0) == timedelta(seconds=27)
    assert next_attempt(DELAYS, 2, retry_after=None, jitter=0.75) == timedelta(seconds=31.5)


@given(jitters, st.floats(0, 1e300))
def test_the_other_sides_wish_is_a_minimum_up_to_a_day(jitter: float, wish: float) -> None:
    delay = next_attempt(DELAYS, 1, retry_after=wish, jitter=jitter)
    assert delay is not None
    assert delay >= min(timedelta(seconds=min(wish, 1e6)), LONGEST_WISH)
    assert delay <= max(DELAYS[0] * 1.1, LONGEST_WISH)


def test_a_longer_delay_of_the_user_is_not_capped() -> None:
    week = timedelta(days=7)
    assert next_attempt((week,), 1, retry_after=float("inf"), jitter=0.5) == week


@pytest.mark.parametrize(("attempts", "jitter"), [(0, 0.5), (1, 1.0), (1, -0.1)])
def test_nonsense_is_refused(attempts: int, jitter: float) -> None:
    with pytest.raises(ValueError, match="attempts"):
        next_attempt(DELAYS, attempts, retry_after=None, jitter=jitter)
