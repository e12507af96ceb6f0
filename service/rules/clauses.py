"""How the conditions of a rule hold for a change, clause by clause, so that it can be explained. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from service.changes.types import Change, Diff, Fields, Kind
from service.rules.change_conditions import ChangeConditions
from service.rules.changed import Transition, Word
from service.rules.clause import Clause, Truth, all_of, opposite, some
from service.rules.conditions import contains_any, equal, has_no_value
from service.rules.linked import Linked, field_clauses, is_link_path, linked_clause
from service.rules.when import FieldConditions, When

ChangedRule = tuple[str, ...] | Mapping[str, Transition | Word]


@dataclass(frozen=True, slots=True)
class Subject:
    """What the conditions of a rule look at."""

    change: Change
    record: Fields
    """The state that is asked: after the change, or before it."""
    now: datetime
    """The change's moment, in the account's time zone."""
    linked: Linked | None = None
    """None: not known yet; what asks for it is open."""


def when_clauses(when: When, subject: Subject, path: str = "when") -> tuple[Clause, ...]:
    """The clauses of `when`, of which all must hold; `path` is where it stands in the rule."""
    return tuple(_clauses(when, subject, path))


def changed_clauses(
    changed: ChangedRule, diff: Diff, now: datetime, path: str = "changed"
) -> tuple[Clause, ...]:
    """The clauses of `changed`, of which all must hold, for the diff of an update."""
    if isinstance(changed, Mapping):
        return tuple(
            clause
            for field_id, wanted in changed.items()
            for clause in _transition(f"{path}.{field_id}", wanted, field_id, diff, now)
        )
    ok = any(field_id in diff for field_id in changed)
    return (Clause(path, list(changed), list(diff), ok),)


def _clauses(when: When, subject: Subject, path: str) -> Iterator[Clause]:
    if when.of_change is not None:
        yield from _change_clauses(when.of_change, subject, f"{path}.change")
    yield from _field_clauses(when, subject, path)
    for index, each in enumerate(when.all_of or ()):
        yield from _clauses(each, subject, f"{path}.all.{index}")
    if when.any_of is not None:
        branches = [
            _branch(f"{path}.any.{index}", tuple(_clauses(each, subject, f"{path}.any.{index}")))
            for index, each in enumerate(when.any_of)
        ]
        ok = some(branch.ok for branch in branches)
        yield _combined(f"{path}.any", "at least one of them", tuple(branches), ok)
    if when.negated is not None:
        clauses = tuple(_clauses(when.negated, subject, f"{path}.not"))
        yield _combined(f"{path}.not", "not all of them", clauses, opposite(all_of(clauses)))


def _field_clauses(when: When, subject: Subject, path: str) -> Iterator[Clause]:
    asked: dict[str, dict[str, FieldConditions]] = {}
    for field_id, conditions in when.fields.items():
        if is_link_path(field_id, subject.record):
            links, _, linked_field = field_id.rpartition(".")
            asked.setdefault(links, {})[linked_field] = conditions
        else:
            yield from field_clauses(
                f"{path}.{field_id}", subject.record.get(field_id), conditions, subject.now
            )
    for links, fields in asked.items():
        yield linked_clause(f"{path}.{links}", links, fields, subject.linked, subject.now)


def _branch(path: str, clauses: tuple[Clause, ...]) -> Clause:
    """One of several under `any`: a single clause stands for itself."""
    return clauses[0] if len(clauses) == 1 else _combined(path, "all of them", clauses, all_of(clauses))


def _combined(path: str, expected: str, inner: tuple[Clause, ...], ok: Truth) -> Clause:
    """One clause over several: what was seen is how each of them stood."""
    reasons = [f"{clause.path}: {clause.reason}" for clause in inner if clause.reason]
    seen = {clause.path: clause.ok for clause in inner}
    return Clause(path, expected, seen, ok, "; ".join(reasons) or None, inner)


def _change_clauses(asked: ChangeConditions, subject: Subject, path: str) -> Iterator[Clause]:
    change, written = subject.change, asked.model_fields_set
    if "kind" in written:
        yield Clause(f"{path}.kind", sorted(asked.kind), change.kind, change.kind in asked.kind)
    if "origin" in written:
        yield Clause(f"{path}.origin", sorted(asked.origin), change.origin, change.origin in asked.origin)
    if "restored" in written:
        yield Clause(f"{path}.restored", asked.restored, change.restored, change.restored is asked.restored)
    if "edited_by" in written:
        yield _edited_by(f"{path}.edited_by", list(asked.edited_by), subject)
    if asked.changed is not None:
        if change.diff is None:
            when = "at first sight" if change.kind is Kind.UPDATE else f"of a {change.kind}"
            yield Clause(f"{path}.changed", "a diff", None, ok=False, reason=f"there is no diff {when}")
        else:
            yield from changed_clauses(asked.changed, change.diff, subject.now, f"{path}.changed")


def _edited_by(path: str, names: list[str], subject: Subject) -> Clause:
    change = subject.change
    seen = None if change.record is None else change.record.get("last_modified_by")
    if change.kind is Kind.DELETE:
        return Clause(path, names, None, ok=False, reason="who deleted a record is not told")
    if has_no_value(seen, True, subject.now).ok:
        return Clause(path, names, seen, ok=False, reason="who edited the record is not known")
    return Clause(path, names, seen, contains_any(seen, names, subject.now).ok)


def _transition(
    path: str, wanted: Transition | Word, field_id: str, diff: Diff, now: datetime
) -> Iterator[Clause]:
    if field_id not in diff:
        yield Clause(path, "a change", list(diff), ok=False)
        return
    before, after = diff[field_id]
    if isinstance(wanted, Transition):
        sides = {"from": before, "to": after}
        for side, expected in wanted.written():
            yield Clause(f"{path}.{side}", expected, sides[side], *equal(sides[side], expected, now))
        return
    was_empty, is_empty = (has_no_value(value, True, now).ok for value in (before, after))
    ok = was_empty and not is_empty if wanted == "set" else is_empty and not was_empty
    yield Clause(path, wanted, {"before": before, "after": after}, ok)
