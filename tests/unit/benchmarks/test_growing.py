"""How growth is told from rounds, and which records are made due."""

import pytest

from benchmarks.growth import Measure
from benchmarks.growth_databases import due_records
from benchmarks.growth_rows import is_of_first_app

LEAST, MOST = 1_000, 1_000_000


def test_each_round_is_compared_with_its_neighbour() -> None:
    cost = Measure("cost", " µs", taken={LEAST: [10.0, 20.0, 10.0], MOST: [20.0, 20.0, 15.0]})
    assert cost.growth(MOST, LEAST).median == pytest.approx(1.5)


def test_less_of_a_rate_is_growth_too() -> None:
    rate = Measure("rate", "", more_is_better=True, taken={LEAST: [100.0], MOST: [50.0]})
    assert rate.growth(MOST, LEAST).median == pytest.approx(2.0)


@pytest.mark.parametrize("rows", [LEAST, 100_000, MOST])
def test_records_of_two_calls_in_a_row_differ_and_are_as_many(rows: int) -> None:
    first, second = due_records(rows, 4), due_records(rows, 5)
    assert len(first) == len(second) == len(due_records(LEAST, 0))
    assert not set(first) & set(second)
    assert all(is_of_first_app(number) and number < rows for number in (*first, *second))
