"""How conditions are written in a filter: the JSON names of three are proven, the others are guesses."""

from collections.abc import Mapping
from typing import Any

from service.dev.simulators.fusioo.envelope import invalid
from service.dev.simulators.fusioo.settings import FusiooSettings

_UNPROVEN = (
    "does_not_contain",
    "contains_any",
    "contains_all",
    "greater_than",
    "less_than",
    "within_previous",
    "within_next",
    "is_today",
    "has_no_value",
)
_STAMPS = frozenset({"created", "last_modified"})


def read_filter(settings: FusiooSettings, body: Any) -> Any:
    """Give a filter's body with its conditions in snake case; what is no filter at all is left as it is.

    Raises RefusedCallError (30050) for names in another form than the settings', and for stamps if they
    may not be filtered.
    """
    if not isinstance(body, Mapping):
        return body
    refused = [
        {"field": name, "message": f"{name} cannot be filtered"}
        for name in (body.keys() & _STAMPS if not settings.stamps_filter else ())
    ]
    names = {_written(name, settings.condition_names): name for name in _UNPROVEN}
    foreign = frozenset(_UNPROVEN) - names.keys()
    read: dict[str, Any] = {}
    for field_id, conditions in body.items():
        if not isinstance(conditions, Mapping):
            read[field_id] = conditions
            continue
        refused += [
            {"field": field_id, "message": f"{name} is not a condition"}
            for name in conditions
            if name in foreign
        ]
        read[field_id] = {names.get(name, name): operand for name, operand in conditions.items()}
    if refused:
        raise invalid(refused)
    return read


def _written(name: str, form: str) -> str:
    first, *others = name.split("_")
    match form:
        case "camel":
            return first + "".join(word.capitalize() for word in others)
        case "caption":
            return " ".join(word.capitalize() for word in (first, *others))
        case _:
            return name
