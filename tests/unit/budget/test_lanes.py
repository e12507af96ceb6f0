"""What each lane may use of a budget: what matters more always finds a call that what matters less left."""

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.budget.lanes import Lane, Limit

HOUR = timedelta(hours=1)
BY_WEIGHT = (Lane.SETTLE, Lane.EXPAND, Lane.HANDLERS, Lane.RECONCILE, Lane.BACKFILL)
limits = st.builds(
    Limit,
    st.integers(1, 10_000),
    st.just(HOUR),
    st.floats(0, 0.9, allow_nan=False),
)


@pytest.mark.parametrize(
    ("lane", "usable", "own"),
    [
        (Lane.PEOPLE, 500, None),
        (Lane.REGISTRATIONS, 500, None),
        (Lane.SETTLE, 450, None),
        (Lane.EXPAND, 427, None),
        (Lane.HANDLERS, 405, 150),
        (Lane.CONFIRM, 360, 25),
        (Lane.RECONCILE, 360, 100),
        (Lane.BACKFILL, 270, None),
    ],
)
def test_the_shares_of_five_hundred_calls(lane: Lane, usable: int, own: int | None) -> None:
    limit = Limit(500, HOUR, 0.1)
    assert (limit.usable(lane), limit.own(lane)) == (usable, own)


def test_every_lane_is_known() -> None:
    assert {lane for lane in Lane if Limit(500, HOUR).usable(lane) == 500} == {
        Lane.PEOPLE,
        Lane.REGISTRATIONS,
    }


@given(limits)
def test_what_matters_more_stops_later(limit: Limit) -> None:
    usable = [limit.usable(lane) for lane in BY_WEIGHT]
    assert all(more >= less >= 1 for more, less in pairwise(usable))
    assert limit.usable(Lane.PEOPLE) == limit.calls >= usable[0]


@given(limits)
def test_every_lane_has_a_call(limit: Limit) -> None:
    for lane in Lane:
        own = limit.own(lane)
        assert own is None or 1 <= own <= limit.calls


@given(limits, st.integers(0, 20_000))
def test_a_ceiling_only_lowers(limit: Limit, ceiling: int) -> None:
    held = limit.held_to(ceiling)
    assert held.calls == max(1, min(limit.calls, ceiling))
    assert (held.window, held.reserve) == (limit.window, limit.reserve)
    assert all(held.usable(lane) <= limit.usable(lane) for lane in Lane)


def test_shares_are_no_victims_of_floats() -> None:
    assert Limit(20, HOUR, 0).usable(Lane.EXPAND) == 19
    assert Limit(10, HOUR, 0).own(Lane.HANDLERS) == 3
