"""How `when` and `changed` hold for a change, clause by clause, so that it can be explained. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from service.changes.types import Diff, Fields
from service.rules.conditions import CONDITIONS, equal
from service.rules.values import shown
from service.rules.when import Transition, When


@dataclass(frozen=True, slots=True)
class Clause:
    """One condition of a rule, and how it stood for a change."""

    path: str
    """Where it stands in the rule: `when.priority.contains_any`, `when.any.0.status.equal`."""
    expected: Any
    seen: Any
    ok: bool
    reason: str | None = None
    """Why the value could not be judged, where that is so."""

    def __str__(self) -> str:
        """What a person reads when the clause fails."""
        reason = f" ({self.reason})" if self.reason else ""
        return f"{self.path}: expected {shown(self.expected)}, saw {shown(self.seen)}{reason}"


def when_clauses(when: When, record: Fields, now: datetime) -> tuple[Clause, ...]:
    """The clauses of `when`, of which all must hold, for a record.

    `now` is the change's moment in the account's time zone.
    """
    return tuple(_clauses(when, record, now, "when"))


def changed_clauses(
    changed: tuple[str, ...] | Mapping[str, Transition], diff: Diff, now: datetime
) -> tuple[Clause, ...]:
    """The clauses of `changed`, of which all must hold, for the diff of an update."""
    if isinstance(changed, Mapping):
        return tuple(_transitions(changed, diff, now))
    seen = list(diff)
    return (Clause("changed", list(changed), seen, ok=any(field_id in diff for field_id in changed)),)


def _clauses(when: When, record: Fields, now: datetime, path: str) -> Iterator[Clause]:
    for field_id, conditions in when.fields.items():
        seen = record.get(field_id)
        for name, expected in conditions.written():
            outcome = CONDITIONS[name](seen, expected, now)
            yield Clause(f"{path}.{field_id}.{name}", expected, seen, outcome.ok, outcome.reason)
    if when.all_of is not None:
        for index, each in enumerate(when.all_of):
            yield from _clauses(each, record, now, f"{path}.all.{index}")
    if when.any_of is not None:
        groups = [
            tuple(_clauses(each, record, now, f"{path}.any.{index}"))
            for index, each in enumerate(when.any_of)
        ]
        held = [all(clause.ok for clause in group) for group in groups]
        yield _combined(f"{path}.any", "at least one of them", groups, ok=any(held))
    if when.negated is not None:
        group = tuple(_clauses(when.negated, record, now, f"{path}.not"))
        ok = not all(clause.ok for clause in group)
        yield _combined(f"{path}.not", "not all of them", [group], ok=ok)


def _combined(path: str, expected: str, groups: list[tuple[Clause, ...]], *, ok: bool) -> Clause:
    """One clause over several: what was seen is how each of them stood."""
    seen = {clause.path: clause.ok for group in groups for clause in group}
    reasons = [f"{clause.path}: {clause.reason}" for group in groups for clause in group if clause.reason]
    return Clause(path, expected, seen, ok, "; ".join(reasons) or None)


def _transitions(changed: Mapping[str, Transition], diff: Diff, now: datetime) -> Iterator[Clause]:
    for field_id, transition in changed.items():
        if field_id not in diff:
            yield Clause(f"changed.{field_id}", "a change", list(diff), ok=False)
            continue
        sides = {"from": diff[field_id].before, "to": diff[field_id].after}
        for side, expected in transition.written():
            ok = equal(sides[side], expected, now).ok
            yield Clause(f"changed.{field_id}.{side}", expected, sides[side], ok)
