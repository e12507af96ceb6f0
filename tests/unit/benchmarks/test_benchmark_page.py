from benchmarks.figures import Section
from benchmarks.page import render
from benchmarks.results import Facts, Result
from benchmarks.workbench import Benchmark

ACKS, LATENCY, SETTLE = (
    Benchmark(name, f"{name}?", lambda _bench: []) for name in ("acks", "latency", "settle")
)
ALL = (ACKS, LATENCY, SETTLE)
SMALL, LARGE = [("cores", "2")], [("cores", "64")]


def result(title: str, machine: Facts = SMALL) -> Result:
    section = Section(title, "Prose.", ["what", "median"], [[f"{title} rate", "17"]])
    return Result(machine, [("load average", "0.1")], [section])


def test_sections_stand_in_the_order_of_the_benchmarks() -> None:
    page = render(ALL, {"settle": result("Settling"), "acks": result("Acks"), "latency": result("Latency")})
    assert page.index("## Acks") < page.index("## Latency") < page.index("## Settling")


def test_beside_each_figure_stands_the_command_that_repeats_it() -> None:
    page = render(ALL, {"acks": result("Acks"), "settle": result("Settling")})
    assert "| Acks rate | 17 | `make bench ONLY=acks` |" in page
    assert "| Settling rate | 17 | `make bench ONLY=settle` |" in page


def test_what_was_never_run_is_named() -> None:
    page = render(ALL, {"acks": result("Acks")})
    assert (
        "Not yet measured: `make bench ONLY=latency` (latency?); `make bench ONLY=settle` (settle?)" in page
    )


def test_nothing_is_missing_when_all_were_run() -> None:
    page = render(ALL, {each.name: result(each.name) for each in ALL})
    assert "Not yet measured" not in page


def test_the_usual_machine_stands_at_the_top_and_another_one_beside_its_figures() -> None:
    page = render(ALL, {"acks": result("A", LARGE), "latency": result("L"), "settle": result("S")})
    top, _, rest = page.partition("## A")
    assert "| cores | 2 |" in top
    assert "*Before the run of `acks`:* cores: 64; load average: 0.1." in rest
    assert "*Before the run of `settle`:* load average: 0.1." in rest


def test_a_page_without_any_figure_is_still_a_page() -> None:
    assert "Not yet measured" in render(ALL, {})
