"""docs/performance.md holds what was measured, and nothing else."""

from benchmarks.page import PAGE, render
from benchmarks.registry import BENCHMARKS
from benchmarks.results import RESULTS, Results


def test_the_page_is_written_from_the_results() -> None:
    written = PAGE.read_text("utf-8")
    assert written == render(BENCHMARKS, Results(RESULTS).read_all()), "run: python -m benchmarks --page"


def test_every_result_is_of_a_benchmark() -> None:
    assert Results(RESULTS).read_all().keys() <= {each.name for each in BENCHMARKS}
