"""docs/performance.md, from what is kept of each benchmark."""

from collections import Counter
from collections.abc import Mapping, Sequence

from benchmarks.figures import table
from benchmarks.processes import ROOT
from benchmarks.results import Facts, Result
from benchmarks.workbench import Benchmark

PAGE = ROOT / "docs" / "performance.md"

_ORIGIN = (
    "# Performance\n\nWritten by `make bench`, which takes the figures of each benchmark in one run, on one "
    "machine that the relay, its services and the load share. Figures are medians of interleaved rounds, "
    "with the least and the most. The command beside a figure takes it again, and no others; several "
    'benchmarks at once: `make bench ONLY="acks latency"`.\n'
)


def render(benchmarks: Sequence[Benchmark], results: Mapping[str, Result]) -> str:
    """Write the whole page; undated, so that it changes with the figures only.

    The machine that most figures come from stands at the top, any other beside its figures.
    """
    usual = _usual_machine([results[each.name].machine for each in benchmarks if each.name in results])
    parts = [_ORIGIN, f"## The machine\n\n{table(['what', 'value'], usual)}\n"] if usual else [_ORIGIN]
    missing = []
    for benchmark in benchmarks:
        result = results.get(benchmark.name)
        if result is None:
            missing.append(f"`{benchmark.command}` ({benchmark.question})")
            continue
        parts += [section.render(benchmark.command) for section in result.sections]
        parts.append(_circumstances(benchmark, result, usual))
    if missing:
        parts.append(f"Not yet measured: {'; '.join(missing)}\n")
    return "\n".join(parts)


def _usual_machine(machines: Sequence[Facts]) -> Facts:
    counted = Counter(tuple(machine) for machine in machines)
    return counted.most_common(1)[0][0] if counted else ()


def _circumstances(benchmark: Benchmark, result: Result, usual: Facts) -> str:
    facts = list(result.conditions)
    if tuple(result.machine) != tuple(usual):
        facts = [*result.machine, *facts]
    told = "; ".join(f"{name}: {value}" for name, value in facts)
    return f"*Before the run of `{benchmark.name}`:* {told}.\n"
