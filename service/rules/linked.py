"""Conditions on linked records: `client.country`. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from service.changes.types import Fields
from service.rules.clause import Clause, all_of, some
from service.rules.conditions import CONDITIONS
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
    path: str, links: str, fields: Mapping[str, FieldConditions], linked: Linked | None, now: datetime
) -> Clause:
    """How the conditions on the records behind some links stood: one record must satisfy all of them.

    `path` is where the links stand in the rule (`when.client`), `fields` what is asked of each record;
    `linked` None: not known yet.
    """
    where = path if len(fields) > 1 else f"{path}.{next(iter(fields))}"
    expected = _told({name: dict(conditions.written()) for name, conditions in fields.items()})
    if linked is None:
        return Clause(where, expected, None, ok=None, reason=f"waits for the linked records of {links}")
    records = linked.records.get(links, ())
    groups = [_of_record(f"{path}.{index}", record, fields, now) for index, record in enumerate(records)]
    ok = some(map(all_of, groups))
    return Clause(
        where,
        expected,
        [_told({name: record.get(name) for name in fields}) for record in records],
        ok,
        None if ok else _what_is_missing(links, linked),
        tuple(clause for group in groups for clause in group),
    )


def _told(by_field: dict[str, Any]) -> Any:
    """What stands for one field needs not name it: its clause does."""
    return by_field if len(by_field) > 1 else next(iter(by_field.values()))


def field_clauses(path: str, seen: Any, conditions: FieldConditions, now: datetime) -> Iterator[Clause]:
    """How the conditions of one field stood; `path` is where the field stands in the rule."""
    for name, expected in conditions.written():
        outcome = CONDITIONS[name](seen, expected, now)
        yield Clause(f"{path}.{name}", expected, seen, outcome.ok, outcome.reason)


def _of_record(
    path: str, record: Fields, fields: Mapping[str, FieldConditions], now: datetime
) -> tuple[Clause, ...]:
    return tuple(
        clause
        for name, conditions in fields.items()
        for clause in field_clauses(f"{path}.{name}", record.get(name), conditions, now)
    )


def _what_is_missing(links: str, linked: Linked) -> str | None:
    gaps = linked.gaps.get(links, ())
    if gaps:
        return f"linked records of {links} were not to be had: {', '.join(gaps)}"
    return None if linked.records.get(links) else f"there are no linked records of {links}"
