"""Writes to records, whoever makes them: checks, and what goes with a deleted record."""

from collections.abc import Mapping
from typing import Any

from service.dev.simulators.onspring.field_values import stored
from service.dev.simulators.onspring.records import Record
from service.dev.simulators.onspring.state import OnspringState


def checked_values(
    state: OnspringState, app_id: int, given: Mapping[int, Any], record: Record | None
) -> dict[int, Any]:
    """Turn JSON values by field id into what a record keeps. Raises ValueError with the field's name."""
    values = {}
    for field_id, value in given.items():
        field = state.fields[field_id]
        if field.app_id != app_id:
            raise ValueError(f"Field {field_id} could not be found in app {app_id}")
        try:
            values[field_id] = stored(state, field, value)
        except ValueError as error:
            raise ValueError(f"Field {field_id} ({field.name}): {error}") from error
        if (
            field.is_unique
            and values[field_id] is not None
            and _is_taken(state, app_id, field_id, values, record)
        ):
            raise ValueError(f"Field {field_id} ({field.name}): the value must be unique")
    return values


def must_be_complete(
    state: OnspringState, app_id: int, values: Mapping[int, Any], record: Record | None
) -> None:
    """Raise ValueError for a required field that would have no value."""
    given = {**({} if record is None else record.values), **values}
    for field in state.fields_of(app_id):
        is_given_here = not field.is_computed and field.type not in (
            "Attachment",
            "Image",
        )  # added afterwards
        if field.is_required and is_given_here and given.get(field.id) in (None, "", []):
            raise ValueError(f"Field {field.id} ({field.name}) is required")


def delete_record(state: OnspringState, record: Record) -> None:
    """Take a record away, with its files and the references to it."""
    state.records.delete(record)
    for stored_file in list(state.files.by_id.values()):
        if (stored_file.app_id, stored_file.record_id) == (record.app_id, record.id):
            del state.files.by_id[stored_file.id]
    pointing = [field for field in state.fields.values() if field.referenced_app_id == record.app_id]
    for field in pointing:
        for other in state.records.of(field.app_id):
            held = other.values.get(field.id, [])
            if record.id in held:
                other.values[field.id] = [one for one in held if one != record.id]
                if not other.values[field.id]:
                    del other.values[field.id]


def _is_taken(
    state: OnspringState, app_id: int, field_id: int, values: Mapping[int, Any], record: Record | None
) -> bool:
    return any(
        other.values.get(field_id) == values[field_id]
        for other in state.records.of(app_id)
        if record is None or other.id != record.id
    )
