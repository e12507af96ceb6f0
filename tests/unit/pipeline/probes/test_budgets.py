"""What is said of a budget."""

from datetime import timedelta

import pytest

from service.budget.lanes import Lane
from service.budget.usage import Usage
from service.pipeline.probes.budgets import describe, forecast
from tests.fixtures.probing import MOMENT, usage

SECONDS, MINUTES = timedelta(seconds=1), timedelta(minutes=1)


@pytest.mark.parametrize(
    ("budget", "said"),
    [
        (usage(limit=500), "0 of 500 used"),
        (
            usage(
                used=212,
                limit=500,
                next_back_at=MOMENT + 3 * SECONDS,
                exhausted_at=MOMENT + 14 * MINUTES,
            ),
            "212 of 500 used, next free slot in 3s, at this rate exhausted in 14m",
        ),
        (
            usage(used=9, free_at=MOMENT + 5 * SECONDS, next_back_at=MOMENT + SECONDS),
            "9 of 10 used, next free slot in 5s",
        ),
        (
            usage(used=3, limit=5, ceiling_until=MOMENT),
            "3 of 5 used (of 10 configured: the provider refused more, heeded until 2026-11-22T05:00:00Z)",
        ),
        (
            usage(used=3, blocked_until=MOMENT),
            "the provider answered 429, no call is made before 2026-11-22T05:00:00Z",
        ),
    ],
)
def test_the_forecast(budget: Usage, said: str) -> None:
    assert forecast(budget) == said


def test_lanes_are_named_that_used_some() -> None:
    lanes = {**dict.fromkeys(Lane, 0), Lane.SETTLE: 180, Lane.HANDLERS: 32}
    assert describe(usage(used=212, lanes=lanes)) == "212 of 10 used; settle 180, handlers 32"
