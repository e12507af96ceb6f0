"""The size of batches, learnt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.transport.batch_size import FIRST_BATCH, LARGEST_BATCH, allowed, grown, halved


@given(st.integers(1, 300))
def test_the_largest_size_that_works_is_found_with_few_refusals(longest: int) -> None:
    size, ceiling, refusals = FIRST_BATCH, None, 0
    for _ in range(100):
        asked = allowed(size, ceiling)
        if asked > longest:
            refusals += 1
            size, ceiling = halved(asked), asked
        else:
            size = grown(asked, asked=asked, ceiling=ceiling) or size
    best = min(longest, LARGEST_BATCH)
    assert best - 1 <= size <= best
    assert refusals <= 12


@pytest.mark.parametrize(("size", "ceiling", "most"), [(50, None, 50), (50, 50, 49), (50, 60, 50), (1, 1, 1)])
def test_a_ceiling_is_never_reached(size: int, ceiling: int | None, most: int) -> None:
    assert allowed(size, ceiling) == most


@pytest.mark.parametrize(
    ("asked", "ceiling", "size"),
    [(49, None, None), (50, None, 100), (50, 70, 60), (50, 51, 50), (50, 400, 100)],
)
def test_a_full_batch_lets_the_next_grow(asked: int, ceiling: int | None, size: int | None) -> None:
    assert grown(50, asked=asked, ceiling=ceiling) == size


@pytest.mark.parametrize(("asked", "size"), [(50, 100), (80, 100), (100, 100)])
def test_a_batch_grows_to_what_the_provider_takes_at_most(asked: int, size: int) -> None:
    assert grown(asked, asked=asked, largest=100) == size
