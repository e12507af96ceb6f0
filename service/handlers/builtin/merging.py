"""What an edit means for a record that people edit elsewhere too: a three-way merge, field by field. Pure.

The templates of the fields are rendered with the record before and after the change. What they give alike
was not edited; the rest is written, or, with care, only where the target still shows what it showed before.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from service.changes.types import Change, Origin
from service.handlers.kinds import OptionError
from service.handlers.templates import TemplateFailedError, Templates
from service.rules.value_hashes import hash_value


class Merge(StrEnum):
    """Which of two records that are kept alike has the last word."""

    LEAD = "lead"
    """The one that changed."""
    FOLLOW = "follow"
    """The one that is written."""


MergeOption = Annotated[
    Merge | None,
    Field(
        description=(
            "For two records that are edited on both sides and kept alike: only the fields that a change "
            "edited are written. With `follow` only where the target still shows what this record showed "
            "before: another value there was edited meanwhile, and stays. With `lead` the edit wins, except "
            "in fields that the relay itself wrote here: they follow. Not written: all fields are sent."
        ),
        examples=["follow"],
    ),
]

_COMPARABLE = frozenset({"record", "change"})


@dataclass(frozen=True, slots=True)
class Edit:
    """What a change edited, as the fields' templates show it."""

    fields: Mapping[str, Any]
    """What to write, by field."""
    before: Mapping[str, Any]
    """What the same fields gave before."""
    careful: frozenset[str] = frozenset()
    """Those that are written only where the target still shows what they gave before."""


def check_merge(fields: Templates) -> None:
    """Check that the templates can be rendered with the record before a change, too. Raises OptionError."""
    beyond = sorted(fields.names - _COMPARABLE)
    if beyond:
        raise OptionError(
            f"`merge` compares what `record` gave before and after: templates can't read {', '.join(beyond)}",
            path=("fields",),
        )


def edit_of(change: Change, fields: Templates, values: Mapping[str, Any], merge: Merge | None) -> Edit:
    """Say what a change edited. Without `merge`, and where nothing is known of before, that is everything;
    but one that follows leaves a record alone of which it does not know what was edited.

    `values` are the change's own (template_values). Raises TemplateFailedError.
    """
    after: Mapping[str, Any] = fields.render(values)
    if merge is None:
        return Edit(after, {})
    if change.diff is None:
        return Edit({} if merge is Merge.FOLLOW or change.origin is Origin.ECHO else after, {})
    before = _without(change, change.diff.keys(), fields, values)
    edited = frozenset(name for name, value in after.items() if not _is_same(value, before.get(name)))
    careful = edited
    if merge is Merge.LEAD and change.origin is not Origin.ECHO:
        ours = _without(change, change.diff.keys() - change.echoed, fields, values)
        careful = frozenset(name for name in edited if _is_same(after[name], ours.get(name)))
    return Edit({name: after[name] for name in edited}, {name: before.get(name) for name in edited}, careful)


def _without(
    change: Change, undone: Collection[str], fields: Templates, values: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Render the fields as if these fields of the record had not changed; nothing where that fails."""
    sides = {name: side.before for name, side in (change.diff or {}).items() if name in undone}
    try:
        rendered: Mapping[str, Any] = fields.render({**values, "record": {**(change.record or {}), **sides}})
    except TemplateFailedError:
        return {}
    return rendered


def _is_same(one: Any, other: Any) -> bool:
    return hash_value(one) == hash_value(other)
