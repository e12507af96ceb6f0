"""`make bench`: runs all benchmarks, or those that are named, and writes docs/performance.md."""

import argparse
import sys
from collections.abc import Sequence

from benchmarks.environment import data_directory, running_services
from benchmarks.machine import describe_conditions, describe_machine
from benchmarks.page import PAGE, render
from benchmarks.processes import ROOT
from benchmarks.registry import BENCHMARKS, choose
from benchmarks.results import RESULTS, Result, Results
from benchmarks.workbench import Benchmark, Workbench


def main(arguments: Sequence[str]) -> None:
    """Measure, tell each round, write the page after each benchmark. Unknown names end it with code 2."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="which benchmarks; default: all")
    parser.add_argument("--list", action="store_true", help="say which there are, and run none")
    parser.add_argument("--page", action="store_true", help="write the page from the last runs, and run none")
    given = parser.parse_args(arguments)
    try:
        chosen = choose(given.names)
    except ValueError as error:
        parser.error(str(error))
    if given.list:
        for benchmark in chosen:
            print(f"{benchmark.name:10} {benchmark.question}")
        return
    results = Results(RESULTS)
    if given.page:
        _write_page(results)
        return
    for benchmark in chosen:
        _say(f"{benchmark.name}: {benchmark.question}")
        results.keep(benchmark.name, _run(benchmark))
        _write_page(results)


def _run(benchmark: Benchmark) -> Result:
    directory = data_directory()
    with running_services(directory) as urls:
        machine = describe_machine(urls)
        conditions = describe_conditions(directory)
        sections = benchmark.measure(Workbench(urls, directory, _say))
    return Result(machine, conditions, sections)


def _say(line: str) -> None:
    print(line, flush=True)


def _write_page(results: Results) -> None:
    PAGE.write_text(render(BENCHMARKS, results.read_all()), "utf-8")
    _say(f"written: {PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    main(sys.argv[1:])
