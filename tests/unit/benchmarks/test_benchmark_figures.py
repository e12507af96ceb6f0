from benchmarks.figures import Figure
from benchmarks.noop import Noop, noop_cases
from benchmarks.throughput import Comparison, Work


def test_a_figure_is_a_median_with_its_spread() -> None:
    assert Figure.of([3.0, 1.0, 100.0]).cells(digits=1, unit=" ms") == ["3.0 ms", "1.0 to 100.0 ms"]


def test_ratios_are_taken_within_a_round() -> None:
    comparison = Comparison(
        "records",
        {"no-op": [Noop(1000.0, 0.0), Noop(100.0, 0.0), Noop(10.0, 0.0)], "wider": [Noop(500.0, 0.0)] * 3},
        {"ours": [Work(2000.0, 0.0, 0.0), Work(200.0, 0.0, 0.0), Work(20.0, 0.0, 0.0)]},
        {"ours": "≥ 1.0"},
    )
    ratios, _ = comparison.sections("Rates", "Prose.")
    assert ratios.rows == [
        ["ours ÷ no-op", "2.00", "2.00 to 2.00", "≥ 1.0"],
        ["ours ÷ wider", "0.40", "0.04 to 4.00", "none"],
    ]


def test_rates_and_costs_stand_beside_each_other() -> None:
    comparison = Comparison(
        "runs", {"no-op": [Noop(1000.0, 0.0002)]}, {"ours": [Work(500.0, 0.0015, 0.00075)]}, {}
    )
    _, rates = comparison.sections("Rates", "Prose.")
    assert rates.rows == [
        ["no-op", "1,000", "1,000 to 1,000", "200 µs", "none"],
        ["ours", "500", "500 to 500", "1,500 µs", "750 µs"],
    ]
    assert all(len(row) == len(rates.header) for row in rates.rows)


def test_few_threads_are_compared_with_dramatiqs_default_too() -> None:
    assert list(noop_cases(4).values()) == [4, 8]
    assert list(noop_cases(16).values()) == [16]
