"""Pieces of work per second of one worker process, beside Dramatiq's own no-op: rounds, ratios, costs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from benchmarks.figures import Figure, Section
from benchmarks.noop import Noop, measure_noop, noop_cases
from benchmarks.workbench import Workbench


@dataclass(frozen=True, slots=True)
class Work:
    """What one round of ours came to."""

    rate: float
    """Pieces a second."""
    worker_cpu: float
    """Seconds of CPU of the worker process for one piece."""
    postgres_cpu: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Rounds of ours and of the no-op, by name; those of one number stood beside each other."""

    piece: str
    noops: Mapping[str, Sequence[Noop]]
    works: Mapping[str, Sequence[Work]]
    goals: Mapping[str, str]
    """Of work beside the first no-op, by name; the others have none."""

    @classmethod
    def measured(
        cls,
        bench: Workbench,
        piece: str,
        cases: Mapping[str, Callable[[], Work]],
        *,
        threads: int,
        rounds: int,
        goals: Mapping[str, str],
    ) -> "Comparison":
        """Take rounds of all cases, each beside a round of the no-op with as many threads, and more."""
        noop_threads = noop_cases(threads)
        noops: dict[str, list[Noop]] = {name: [] for name in noop_threads}
        works: dict[str, list[Work]] = {name: [] for name in cases}
        for number in range(rounds):
            for name, count in noop_threads.items():
                noops[name].append(measure_noop(bench.urls.redis_url, threads=count))
                bench.say(f"round {number + 1}/{rounds} {name}: {noops[name][-1].rate:,.0f}/s")
            for name, measure in cases.items():
                works[name].append(measure())
                bench.say(f"round {number + 1}/{rounds} {name}: {works[name][-1].rate:,.0f}/s")
        return cls(piece, noops, works, goals)

    def sections(self, title: str, prose: str) -> list[Section]:
        """The ratios, and the rates and costs that they are made of."""
        return [self._ratios(title, prose), self._rates(f"{title}: rates and costs")]

    def _ratios(self, title: str, prose: str) -> Section:
        rows = []
        equal = next(iter(self.noops))
        for (name, works), (noop, noops) in product(self.works.items(), self.noops.items()):
            ratios = [ours.rate / theirs.rate for ours, theirs in zip(works, noops, strict=True)]
            goal = self.goals.get(name, "none") if noop == equal else "none"
            rows.append([f"{name} ÷ {noop}", *Figure.of(ratios).cells(digits=2), goal])
        return Section(title, prose, ["ratio", "median", "spread", "goal"], rows)

    def _rates(self, title: str) -> Section:
        rows = []
        for name, noops in self.noops.items():
            rate = Figure.of([noop.rate for noop in noops])
            cpu = Figure.of([noop.cpu * 1e6 for noop in noops])
            rows.append([name, *rate.cells(digits=0), _microseconds(cpu), "none"])
        for name, works in self.works.items():
            rate = Figure.of([work.rate for work in works])
            worker = Figure.of([work.worker_cpu * 1e6 for work in works])
            postgres = Figure.of([work.postgres_cpu * 1e6 for work in works])
            rows.append([name, *rate.cells(digits=0), _microseconds(worker), _microseconds(postgres)])
        prose = "The same rounds. CPU is that of the worker process, and of all of Postgres, for one piece."
        header = ["work", f"{self.piece} a second", "spread", "worker CPU", "Postgres CPU"]
        return Section(title, prose, header, rows)


def _microseconds(figure: Figure) -> str:
    return f"{figure.median:,.0f} µs"
