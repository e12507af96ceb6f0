"""All benchmarks, in the order of the page, and how some are chosen by name."""

from collections.abc import Sequence
from difflib import get_close_matches

from benchmarks.acks import measure_acks
from benchmarks.backfill import measure_backfill
from benchmarks.backtest import measure_backtest
from benchmarks.budget import measure_budget
from benchmarks.files import measure_files
from benchmarks.growth import measure_growth
from benchmarks.latency import measure_latency
from benchmarks.memory import measure_memory
from benchmarks.neighbours import measure_neighbours
from benchmarks.runs import measure_runs
from benchmarks.settle import measure_settle
from benchmarks.startup import measure_startup
from benchmarks.workbench import Benchmark

BENCHMARKS: tuple[Benchmark, ...] = (
    Benchmark("acks", "How many durable acknowledgements a second, and how late at half load?", measure_acks),
    Benchmark("latency", "How long from an idle POST until its handler starts?", measure_latency),
    Benchmark("settle", "How many records a second does one process settle?", measure_settle),
    Benchmark("budget", "How long do events wait under 500 calls an hour, simulated?", measure_budget),
    Benchmark("runs", "How many runs a second does one process do?", measure_runs),
    Benchmark("neighbours", "What does a handler suffer from one that misbehaves?", measure_neighbours),
    Benchmark(
        "backfill",
        "What does a live edit suffer beside a backfill, and what does that cost?",
        measure_backfill,
    ),
    Benchmark("backtest", "How long does a backtest of 100,000 changes take?", measure_backtest),
    Benchmark("growth", "Does anything get dearer as more is stored?", measure_growth),
    Benchmark("memory", "How much memory does each process take?", measure_memory),
    Benchmark("startup", "How long does each process take to start, and to import?", measure_startup),
    Benchmark("files", "How fast and in how much memory does a large file go through?", measure_files),
)


def choose(names: Sequence[str], benchmarks: Sequence[Benchmark] = BENCHMARKS) -> list[Benchmark]:
    """Give the named benchmarks in the order of the page; all when none is named.

    Raises ValueError, with near names, for one that does not exist.
    """
    known = [each.name for each in benchmarks]
    for name in names:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            meant = f"did you mean {near[0]}?" if near else f"there are: {', '.join(known)}"
            raise ValueError(f"there is no benchmark {name!r}; {meant}")
    return [each for each in benchmarks if not names or each.name in names]
