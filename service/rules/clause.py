"""One condition of a rule and how it stood for a change, and how several combine (Kleene's logic). Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from service.rules.values import shown

Truth = bool | None
"""None: not to be known yet."""


@dataclass(frozen=True, slots=True)
class Clause:
    """One condition of a rule, and how it stood for a change."""

    path: str
    """Where it stands in the rule: `when.priority.contains_any`, `when.any.0.status.equal`."""
    expected: Any
    seen: Any
    ok: Truth
    """None: it waits for linked records."""
    reason: str | None = None
    """Why the value could not be judged, where that is so."""
    inner: tuple["Clause", ...] = ()
    """What it is made of: the branches of `any`, the conditions under `not`."""

    def __str__(self) -> str:
        """What a person reads when the clause fails."""
        reason = f" ({self.reason})" if self.reason else ""
        return f"{self.path}: expected {shown(self.expected)}, saw {shown(self.seen)}{reason}"


def every(truths: Iterable[Truth]) -> Truth:
    """Whether all hold: one that does not decides, else one that is not known leaves it open."""
    known = list(truths)
    if False in known:
        return False
    return None if None in known else True


def some(truths: Iterable[Truth]) -> Truth:
    """Whether at least one holds: one that does decides, else one that is not known leaves it open."""
    return opposite(every(map(opposite, truths)))


def opposite(truth: Truth) -> Truth:
    """What is not known stays so."""
    return None if truth is None else not truth


def all_of(clauses: Iterable[Clause]) -> Truth:
    """Whether all of these clauses hold."""
    return every(clause.ok for clause in clauses)
