from pathlib import Path

from benchmarks.figures import Section
from benchmarks.results import Result, Results


def result(median: str) -> Result:
    section = Section("Title", "Prose, µs.", ["what", "median"], [["a", median]])
    return Result([("cores", "2")], [("load average", "0.1")], [section])


def test_what_is_kept_is_read_back(tmp_path: Path) -> None:
    results = Results(tmp_path / "results")
    results.keep("acks", result("1"))
    assert results.read_all() == {"acks": result("1")}


def test_a_benchmark_replaces_its_own_result_only(tmp_path: Path) -> None:
    results = Results(tmp_path)
    results.keep("acks", result("1"))
    results.keep("latency", result("2"))
    results.keep("acks", result("3"))
    assert results.read_all() == {"acks": result("3"), "latency": result("2")}


def test_nothing_is_there_before_the_first_run(tmp_path: Path) -> None:
    assert Results(tmp_path / "never").read_all() == {}
