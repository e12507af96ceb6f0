"""Conditions on linked records: `client.country`. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from service.changes.types import Fields
from service.rules.clause import Clause, all_of
from service.rules.conditions import CONDITIONS
from service.rules.expand import split_path
from service.rules.when import FieldConditions


@dataclass(frozen=True, slots=True)
class Linked:
    """The linked records of one change, as far as they were to be had."""

    records: Mapping[str, Sequence[Fields]] = field(default_factory=dict)
    """By link path (`client`, `client.owner`), the records in their order."""
    gaps: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """By link path, the ids of those that were not to be had."""


def is_link_path(field_path: str, record: Fields) -> bool:
    """Whether a path in `when` leads to linked records. A field that the record has by this id is a field."""
    return "." in field_path and field_path not in record


def linked_clause(
    path: str, field_path: str, conditions: FieldConditions, linked: Linked | None, now: datetime
) -> Clause:
    """How the conditions under one link path stood: at least one record must satisfy all of them.

    `path` is where they stand in the rule; `linked` None: not known yet.
    """
    *links, field_id = split_path(field_path)
    link_path = ".".join(links)
    expected: dict[str, Any] = dict(conditions.written())
    if linked is None:
        return Clause(path, expected, None, ok=None, reason=f"waits for the linked records of {link_path}")
    groups = [
        _clauses(f"{path}.{index}", record.get(field_id), conditions, now)
        for index, record in enumerate(linked.records.get(link_path, ()))
    ]
    return Clause(
        path,
        expected,
        [record.get(field_id) for record in linked.records.get(link_path, ())],
        ok=any(all_of(group) for group in groups),
        reason=None if groups else _why_none(link_path, linked),
        inner=tuple(clause for group in groups for clause in group),
    )


def _clauses(path: str, seen: Any, conditions: FieldConditions, now: datetime) -> tuple[Clause, ...]:
    outcomes = (
        (name, expected, CONDITIONS[name](seen, expected, now)) for name, expected in conditions.written()
    )
    return tuple(
        Clause(f"{path}.{name}", expected, seen, outcome.ok, outcome.reason)
        for name, expected, outcome in outcomes
    )


def _why_none(link_path: str, linked: Linked) -> str:
    gaps = linked.gaps.get(link_path, ())
    if gaps:
        return f"the linked records of {link_path} were not to be had: {', '.join(gaps)}"
    return f"there are no linked records of {link_path}"
