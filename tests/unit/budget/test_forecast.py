"""When a budget will be spent, against calls that are made one by one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.budget.forecast import exhausted_in


@pytest.mark.parametrize(
    ("free", "rate", "returning", "expected"),
    [
        (0, 1.0, [5.0], 0.0),
        (10, 0.0, [], None),
        (10, 1.0, [], None),
        (10, 1.0, [20.0], 10.0),
        (10, 1.0, [9.0, 20.0], 11.0),
        (1, 1.0, [0.5, 1.0, 1.5, 2.0], None),
    ],
)
def test_examples(free: int, rate: float, returning: list[float], expected: float | None) -> None:
    assert exhausted_in(free=free, rate=rate, returning=returning) == expected


@given(
    st.integers(1, 30),
    st.integers(1, 20),
    st.lists(st.integers(1, 400).map(lambda tenths: tenths / 10), max_size=30).map(sorted),
)
def test_it_is_the_first_call_that_finds_none(free: int, every: int, returning: list[float]) -> None:
    """Calls that begin every so many seconds: none is refused before, and one is soon after."""
    told = exhausted_in(free=free, rate=1 / every, returning=returning)
    refused_at = None
    if returning:
        for made in range(1, len(returning) + free + 2):
            at = made * every
            if at > returning[-1]:
                break
            if made > free + sum(back <= at for back in returning):
                refused_at = at
                break
    if told is None:
        assert refused_at is None
    else:
        assert refused_at is None or told < refused_at
        spent = told / every
        assert spent == pytest.approx(free + sum(back <= told for back in returning))
