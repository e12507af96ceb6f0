"""What to do about the mistakes that people make most in rules, where the types would say what they want.

Pure. Values are never repeated: a text of a configuration may be a secret.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from pydantic import BaseModel

from service.rules.problems import KeyPath, nearest
from service.rules.schema import Rule
from service.rules.when import FieldConditions

_MEANT: Mapping[str, str] = MappingProxyType(
    {
        "is": "equal",
        "is_equal": "equal",
        "is_not": "not_equal",
        "in": "contains_any",
        "one_of": "contains_any",
        "any": "contains_any",
        "not_in": "does_not_contain",
        "includes": "contains",
        "has": "contains",
        "more_than": "greater_than",
        "over": "greater_than",
        "after": "greater_than",
        "under": "less_than",
        "before": "less_than",
        "today": "is_today",
        "empty": "has_no_value",
        "is_empty": "has_no_value",
        "blank": "has_no_value",
        "is_null": "has_no_value",
    }
)
"""What conditions are called elsewhere."""


class Advice(NamedTuple):
    """What to say instead of what the types say."""

    message: str
    remedy: str | None = None


def on_unknown_key(section: type[BaseModel] | None, key: str, known: list[str]) -> Advice:
    """What to say of a key that a section does not have."""
    if section is FieldConditions:
        meant = _MEANT.get(key.casefold())
        remedy = f"did you mean `{meant}`?" if meant else nearest(key, known)
        return Advice(f"there is no condition `{key}`", remedy)
    remedy = nearest(key, known)
    if section is Rule and remedy and not remedy.startswith("did you mean"):
        remedy = f"{remedy}; if it is a field, it goes under `when`, indented further than that"
    return Advice(f"unknown key `{key}`", remedy)


def on_wrong_shape(kind: str, section: type[BaseModel] | None, path: KeyPath) -> Advice | None:
    """What to say of a value of a wrong shape; None: what the types say will do.

    `kind` is the type of pydantic's error, `section` what should stand at the path.
    """
    if section is FieldConditions and kind == "model_type":
        remedy = "write one, like {equal: VALUE} or {contains_any: [A, B]}"
        return Advice(f"`{path[-1]}` needs a condition", remedy)
    if path[:1] != ("rules",):
        return None
    if "changed" in path[-2:-1]:
        return _on_changed(kind, path[-1])
    if path[-1] in {"any", "all"} and kind == "tuple_type":
        return Advice(f"`{path[-1]}` should be a list of conditions", "put a dash before each of them")
    if path[-1] == "run" and kind in {"tuple_type", "value_error"}:
        return Advice("`run` should name at least one handler, in a list", "like [ops]")
    return None


def _on_changed(kind: str, key: str | int) -> Advice | None:
    if isinstance(key, int):
        return Advice("a list names fields only", "for how one changed write changed: {FIELD: {to: VALUE}}")
    if kind not in {"literal_error", "model_type"}:
        return None
    if key in {"from", "to"}:
        return Advice(
            f"`{key}` has no field", f"write the field before it: changed: {{FIELD: {{{key}: VALUE}}}}"
        )
    return Advice(f"`{key}` needs to say how it changed", "write {to: VALUE}, {from: VALUE}, set or cleared")
