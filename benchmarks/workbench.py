"""What every benchmark is given, and what it is: a name, a question, a function that answers in sections."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import Section
from service.dev.environment import ServiceUrls

Say = Callable[[str], None]
"""Tells the person who waits what was measured just now."""


@dataclass(frozen=True, slots=True)
class Workbench:
    """The premises of one benchmark: services of its own, all tables there and empty, gone afterwards."""

    urls: ServiceUrls
    directory: Path
    """On the disk that the services write to; it is erased with them."""
    say: Say


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One benchmark. It ends all processes that it starts; its tables are nobody else's."""

    name: str
    question: str
    measure: Callable[[Workbench], Sequence[Section]]

    @property
    def command(self) -> str:
        """What a person types to take the figures of this benchmark again, and no others."""
        return f"make bench ONLY={self.name}"
