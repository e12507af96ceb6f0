import pytest

from benchmarks.registry import BENCHMARKS, choose
from benchmarks.workbench import Benchmark

FIRST, SECOND, THIRD = (Benchmark(name, "?", lambda _bench: []) for name in ("acks", "latency", "settle"))
ALL = (FIRST, SECOND, THIRD)


def test_all_are_chosen_when_none_is_named() -> None:
    assert choose([], ALL) == [FIRST, SECOND, THIRD]


def test_the_named_ones_come_in_the_order_of_the_page() -> None:
    assert choose(["settle", "acks"], ALL) == [FIRST, THIRD]


def test_an_unknown_name_is_refused_with_a_near_one() -> None:
    with pytest.raises(ValueError, match=r"no benchmark 'latencies'; did you mean latency\?"):
        choose(["latencies"], ALL)


def test_a_strange_name_is_refused_with_all_names() -> None:
    with pytest.raises(ValueError, match="there are: acks, latency, settle"):
        choose(["xyz"], ALL)


def test_each_has_a_name_of_its_own() -> None:
    names = [each.name for each in BENCHMARKS]
    assert len(set(names)) == len(names)


def test_the_command_repeats_one_benchmark_only() -> None:
    assert SECOND.command == "make bench ONLY=latency"
