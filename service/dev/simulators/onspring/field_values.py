"""What a save may put into a field of each type (Save Record; lists take ids, not names)."""

from typing import Any

from service.dev.simulators.onspring.moments import read_moment
from service.dev.simulators.onspring.schema import AppField
from service.dev.simulators.onspring.state import OnspringState
from service.dev.simulators.onspring.time_spans import checked_time_span


def stored(state: OnspringState, field: AppField, value: Any) -> Any:  # noqa: PLR0911 (one for each type)
    """Turn a JSON value into what a record keeps; None clears. Raises ValueError.

    Kept are: texts, numbers, aware moments, time spans as objects, and lists of the ids that are chosen.
    """
    if field.is_computed:
        raise ValueError("it cannot be set")
    if value is None:
        return None
    match field.type:
        case "Text":
            return _text(value)
        case "Number":
            return _number(value)
        case "Date":
            return None if value == "" else read_moment(_text(value))
        case "TimeSpan":
            return checked_time_span(value)
        case "List":
            return _list_values(state, field, value)
        case "Reference" | "SurveyReference":
            return _references(state, field, value)
    raise ValueError(f"a field of the type {field.type} is not set by saving its record")


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("a text is expected")  # noqa: TRY004 (a wrong body is a wrong value here)
    return value


def _number(value: Any) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("a number is expected")  # noqa: TRY004 (a wrong body is a wrong value here)
    return value


def _list_values(state: OnspringState, field: AppField, value: Any) -> list[str]:
    chosen = _several(field, value)
    known = {listed.id.lower(): listed.id for listed in state.values_of(field)}
    for one in chosen:
        if not isinstance(one, str) or one.lower() not in known:
            raise ValueError(f"{one!r} is not the id of a value of list {field.list_id}")
    return [known[one.lower()] for one in chosen]


def _references(state: OnspringState, field: AppField, value: Any) -> list[int]:
    chosen = _several(field, value)
    for one in chosen:
        if isinstance(one, bool) or not isinstance(one, int):
            raise ValueError(f"{one!r} is not the id of a record")  # noqa: TRY004 (a wrong body is a wrong value here)
        if state.records.find(field.referenced_app_id or 0, one) is None:
            raise ValueError(f"record {one} of app {field.referenced_app_id} could not be found")
    return chosen


def _several(field: AppField, value: Any) -> list[Any]:
    """Take one value or a list of them; the page's sample sets a single reference by a list of one."""
    chosen = list(dict.fromkeys(value)) if isinstance(value, list) and _are_plain(value) else value
    if not isinstance(chosen, list):
        return [] if chosen == "" else [chosen]
    if len(chosen) > 1 and not field.is_multiple:
        raise ValueError("it takes one value")
    return chosen


def _are_plain(values: list[Any]) -> bool:
    return all(isinstance(value, str | int) for value in values)
