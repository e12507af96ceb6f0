"""What refusals teach, over hours, with a stranger in the company: on the rules that the ledger keeps.

`tests/integration/budget/test_ledger_states.py` holds the ledger in Postgres to the same rules.
"""

from collections.abc import Callable
from datetime import timedelta

import pytest

from service.budget.lanes import Lane, Limit
from service.budget.pacing import steady_gap
from tests.fixtures.budget_model import ModelLedger, SharedWindow

HOUR = 3600.0
ROUND_TRIP = 0.2


class Hours:
    """Settling that always has something to ask, at the steady pace; what was made and refused, by hour."""

    def __init__(self, stranger: Callable[[float], float], *, hours: int, calls: int = 500) -> None:
        self.made, self.refused = [0] * (hours + 1), [0] * (hours + 1)
        provider = SharedWindow(calls, HOUR, stranger)
        ledger = ModelLedger(Limit(calls, timedelta(hours=1)), longest=30.0)
        while ledger.now < hours * HOUR:
            wait = self._wait(ledger)
            if wait > 0:
                ledger.now += wait
                continue
            call = ledger.reserve(Lane.SETTLE)
            ledger.now += ROUND_TRIP
            is_accepted = provider.accepts(ledger.now)
            ledger.finish(call, 200 if is_accepted else 429)
            self.made[int(ledger.now // HOUR)] += 1
            self.refused[int(ledger.now // HOUR)] += not is_accepted

    def _wait(self, ledger: ModelLedger) -> float:
        free_at = ledger.free_at(Lane.SETTLE)
        if free_at is not None:
            return free_at - ledger.now + 0.001
        standing = ledger.standing()
        pause = 0.0 if standing.since_last is None else steady_gap(standing) - standing.since_last
        return pause + 0.001 if pause > 0.001 else 0.0


def test_alone_nothing_is_refused_and_nearly_all_is_used() -> None:
    alone = Hours(lambda _: 0.0, hours=3)
    assert sum(alone.refused) == 0
    assert all(made >= 440 for made in alone.made[:3])


@pytest.mark.parametrize(
    "stranger",
    [
        pytest.param(lambda _: 250.0, id="from the start"),
        pytest.param(lambda now: 250.0 if now > 1.5 * HOUR else 0.0, id="comes"),
        pytest.param(lambda now: min(250.0, now / HOUR * 50), id="grows"),
        pytest.param(lambda now: 250.0 if int(now / HOUR / 2) % 2 else 50.0, id="comes and goes"),
        pytest.param(lambda now: 1000.0 if now % HOUR < HOUR / 4 else 0.0, id="all within a quarter"),
    ],
)
def test_a_stranger_who_takes_half_costs_few_refusals(stranger: Callable[[float], float]) -> None:
    found = Hours(stranger, hours=5)
    assert 0 < sum(found.refused) < 0.01 * sum(found.made)
    assert sum(found.made) > 5 * 200, "what is left is used"


def test_all_is_as_before_within_a_window() -> None:
    found = Hours(lambda now: 250.0 if now < 3 * HOUR else 0.0, hours=6)
    assert found.made[2] < 300
    assert found.refused[4:] == [0] * 3
    assert found.made[4] > 400, "the hour from 3 to 4 is the window"
    assert found.made[5] >= 440
