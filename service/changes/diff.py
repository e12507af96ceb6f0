"""What differs between the last sight of a record and this one. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service.changes.types import Diff, FieldDiff, Fields

SYSTEM_STAMPS = frozenset({"last_modified", "last_modified_by"})
"""Set by Fusioo at every save, also one that changes nothing: alone they never make a change."""

_NEVER_IN_A_DIFF = SYSTEM_STAMPS | {"id"}


@dataclass(frozen=True, slots=True)
class Comparison:
    """What one look at a record told."""

    diff: Diff
    """The fields that differ, in the answer's order; empty: nothing changed."""
    fields: Fields
    """The new snapshot: the answer, and the values of the fields that left the schema."""
    left: frozenset[str]
    """Fields that had a value and are neither in the answer nor in the app's schema."""


def compare(before: Fields | None, after: Fields, *, schema_fields: frozenset[str] | None) -> Comparison:
    """Compare a snapshot (None: first sight) with the provider's answer.

    `schema_fields` are the field ids of the app's schema as our token sees it; None: not known, then every
    field counts as one of the schema. On first sight there is nothing to compare: the diff is empty.
    """
    if before is None:
        return Comparison(diff={}, fields=dict(after), left=frozenset())
    kept = dict(_kept(before, after, schema_fields))
    diff = {
        field_id: FieldDiff(before.get(field_id), after.get(field_id))
        for field_id in dict.fromkeys((*after, *before))
        if field_id not in _NEVER_IN_A_DIFF
        and field_id not in kept
        and not same_json(before.get(field_id), after.get(field_id))
    }
    return Comparison(diff=diff, fields={**after, **kept}, left=frozenset(kept) - {"id"})


def same_json(one: Any, other: Any) -> bool:
    """Are two JSON values the same? 1 and 1.0 are; True and 1 are not; lists count in their order."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same_json(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(same_json, one, other))
    return bool(one == other)


def read_diff(stored: Mapping[str, Sequence[Any]] | None) -> Diff | None:
    """Read a diff as it is stored: field id → [before, after]."""
    return None if stored is None else {field_id: FieldDiff(*sides) for field_id, sides in stored.items()}


def _kept(before: Fields, after: Fields, schema_fields: frozenset[str] | None) -> Iterator[tuple[str, Any]]:
    """Values that stay in the snapshot although the answer says nothing of them."""
    for field_id, value in before.items():
        missing = field_id not in after and value is not None
        if missing and (field_id == "id" or (schema_fields is not None and field_id not in schema_fields)):
            yield field_id, value
