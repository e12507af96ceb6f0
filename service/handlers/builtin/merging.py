"""What an edit means for a record that people edit elsewhere too: a three-way merge, field by field. Pure.

The templates of the fields are rendered with the record before and after the change. What they give alike
was not edited; the rest is written, or, with care, only where the target still shows what it showed before.
"""

from collections.abc import Mapping
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
            "one that the relay itself wrote here: that follows. Not written: all fields are sent."
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
    """What the same fields gave before; empty where `careful` is not asked for."""
    careful: bool
    """Whether a field is written only where the target still shows what it gave before."""


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
        return Edit(after, {}, careful=False)
    careful = merge is Merge.FOLLOW or change.origin is Origin.ECHO
    if change.diff is None:
        return Edit({} if careful else after, {}, careful)
    record = {**(change.record or {}), **{name: side.before for name, side in change.diff.items()}}
    try:
        before: Mapping[str, Any] = fields.render({**values, "record": record})
    except TemplateFailedError:  # with the record as it was they gave nothing
        before = dict.fromkeys(after)
    edited = {name: value for name, value in after.items() if not _is_same(value, before.get(name))}
    return Edit(edited, {name: before.get(name) for name in edited}, careful)


def _is_same(one: Any, other: Any) -> bool:
    return hash_value(one) == hash_value(other)
