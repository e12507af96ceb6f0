"""`make bench`: runs every benchmark and writes docs/performance.md."""

from collections.abc import Sequence

from benchmarks.acks import measure_acks
from benchmarks.environment import ROOT, data_directory, running_receiver, running_services
from benchmarks.figures import Section, table
from benchmarks.machine import describe

_PAGE = ROOT / "docs" / "performance.md"
_COMMAND = "make bench"
_MISSING = (
    "idle POST until a handler starts; settled records and runs a second against Dramatiq's no-op; memory; "
    "start-up and import times; growth to 10⁶ rows."
)


def main() -> None:
    """Measure, tell each round, write the page."""
    directory = data_directory()
    with running_services(directory) as urls:
        machine = describe(urls, directory)
        with running_receiver(urls, directory) as receiver:
            sections = measure_acks(receiver, _COMMAND, print)
    _PAGE.write_text(_render(machine, sections), "utf-8")
    print(f"written: {_PAGE.relative_to(ROOT)}")


def _render(machine: Sequence[tuple[str, str]], sections: Sequence[Section]) -> str:
    """The whole page; undated, so that it changes with the figures only."""
    origin = (
        "Written by `make bench`, from one run on one machine that the web process, its services and the load"
        " generator share. Figures are medians of interleaved rounds, with the least and the most.\n"
    )
    parts = [
        "# Performance\n",
        origin,
        f"## The machine\n\n{table(['what', 'value'], machine)}\n",
        *(section.render() for section in sections),
        f"Not yet measured: {_MISSING}\n",
    ]
    return "\n".join(parts)


if __name__ == "__main__":
    main()
