"""How often apps are reconciled, as the budget allows."""

from datetime import timedelta

import pytest

from service.reconciles.rhythm import pause_after_failure, true_period

QUARTER, HOUR = timedelta(minutes=15), timedelta(hours=1)


@pytest.mark.parametrize(
    ("calls", "own", "expected"),
    [
        ([2, 2, 2], 100, QUARTER),
        ([], 100, QUARTER),
        ([2] * 25, 100, HOUR),  # 50 calls an hour are for rounds
        ([0] * 25, 100, HOUR),  # the first rounds were not made yet
        ([2] * 50, 100, 2 * HOUR),
        ([20] * 30, 100, 12 * HOUR),
        ([2], 1, 2 * HOUR),
    ],
)
def test_the_period_stretches_so_that_rounds_stay_within_half_of_their_lane(
    calls: list[int], own: int, expected: timedelta
) -> None:
    assert true_period(QUARTER, calls=calls, own=own, window=HOUR) == expected


def test_a_longer_period_than_needed_is_kept() -> None:
    assert true_period(24 * HOUR, calls=[2] * 50, own=100, window=HOUR) == 24 * HOUR


def test_pauses_after_failures_grow_to_an_hour() -> None:
    pauses = [pause_after_failure(failures, period=QUARTER) for failures in range(1, 9)]
    assert [pause.total_seconds() / 60 for pause in pauses] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert pause_after_failure(99, period=6 * HOUR) == 6 * HOUR
