"""Saving and deleting the values of lists."""

import re
from collections.abc import Mapping
from typing import Any

from service.dev.simulators.onspring.schema import ListValue
from service.dev.simulators.onspring.state import OnspringState

_COLOR = re.compile(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})")


def checked_list_value(state: OnspringState, list_id: int, body: Mapping[str, Any]) -> ListValue:
    """Read a value to be saved: with the id of one that is there, or a new id. Raises ValueError."""
    name, number, color = body.get("name"), body.get("numericValue"), body.get("color")
    if not isinstance(name, str) or not name.strip():
        raise ValueError("name is required")
    if isinstance(number, bool) or not isinstance(number, int | float | None):
        raise ValueError("numericValue must be a number")  # noqa: TRY004 (a wrong body is a wrong value here)
    if color is not None and (not isinstance(color, str) or _COLOR.fullmatch(color) is None):
        raise ValueError("color must be #rgb or #rrggbb")
    known = {value.id: value for value in state.lists[list_id]}
    given = body.get("id")
    if given is None:
        value_id, order = state.new_guid(), len(known) + 1
    elif isinstance(given, str) and given.lower() in known:
        value_id, order = given.lower(), known[given.lower()].sort_order
    else:
        raise ValueError(f"list {list_id} has no value {given!r}")
    others = {value.name.lower() for value in known.values() if value.id != value_id}
    if name.lower() in others:
        raise ValueError(f"list {list_id} has a value {name!r} already")
    return ListValue(value_id, name, order, number, color)


def save_list_value(state: OnspringState, list_id: int, saved: ListValue) -> None:
    """Put a value in the place of the one with its id, or at the end."""
    values = state.lists[list_id]
    for position, value in enumerate(values):
        if value.id == saved.id:
            values[position] = saved
            return
    values.append(saved)


def forget_list_value(state: OnspringState, list_id: int, gone: ListValue) -> None:
    """Delete a value, in the records that hold it too."""
    state.lists[list_id].remove(gone)
    for field in [
        known for known in state.fields.values() if known.type == "List" and known.list_id == list_id
    ]:
        for record in state.records.of(field.app_id):
            held = record.values.get(field.id, [])
            if gone.id in held:
                kept = {field.id: [one for one in held if one != gone.id]}
                state.records.update(record, kept, person=record.modified_by, told=False)
