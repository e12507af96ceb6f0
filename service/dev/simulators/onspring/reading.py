"""What a field holds in a record as it is read: stored, kept by the provider, or computed."""

import re
from datetime import datetime
from typing import Any

from service.dev.simulators.onspring.files import StoredFile
from service.dev.simulators.onspring.markup import without_markup
from service.dev.simulators.onspring.moments import read_moment, shown
from service.dev.simulators.onspring.records import Record
from service.dev.simulators.onspring.schema import AppField
from service.dev.simulators.onspring.state import OnspringState
from service.dev.simulators.onspring.time_spans import time_span_text

_PLACEHOLDER = re.compile(r"\{:([^{}]+)\}")


def held(state: OnspringState, record: Record, field: AppField) -> Any:  # noqa: PLR0911 (one for each type)
    """Give a field's value in the form of `field_values.stored`; None where there is none."""
    match field.role:
        case "created":
            return record.created
        case "modified":
            return record.modified
        case "created_by":
            return None if record.created_by is None else [record.created_by]
        case "modified_by":
            return None if record.modified_by is None else [record.modified_by]
    match field.type:
        case "Formula":
            return _computed(state, record, field)
        case "AutoNumber":
            return record.values.get(field.id, field.start + record.id - 1)
        case "Attachment" | "Image":
            return files_in(state, record, field) or None
        case "List":
            known = {value.id for value in state.values_of(field)}
            return [one for one in record.values.get(field.id, ()) if one in known] or None
    return record.values.get(field.id)


def files_in(state: OnspringState, record: Record, field: AppField) -> list[StoredFile]:
    """List the files of one field of a record, oldest first."""
    place = (record.app_id, record.id, field.id)
    return [
        stored
        for stored in state.files.by_id.values()
        if place == (stored.app_id, stored.record_id, stored.field_id)
    ]


def names_of(state: OnspringState, field: AppField, chosen: list[str]) -> list[str]:
    """Give the names of list values by their ids."""
    names = {value.id: value.name for value in state.values_of(field)}
    return [names[one] for one in chosen]


def display_names(state: OnspringState, field: AppField, references: list[int]) -> list[str]:
    """Give what stands for referenced records: their app's first text field that is required, or the id."""
    app_id = field.referenced_app_id or 0
    texts = [known.id for known in state.fields_of(app_id) if known.type == "Text" and known.is_required]
    found = (state.records.find(app_id, record_id) for record_id in references)
    return [str(record.values.get(texts[0], record.id) if texts else record.id) for record in found if record]


def formatted_text(state: OnspringState, field: AppField, value: Any, joint: str) -> str:  # noqa: PLR0911 (one for each type)
    """Write a value as people see it; several are joined by `joint`."""
    match value:
        case None:
            return ""
        case datetime():
            return shown(value, long=field.long_date)
        case str():
            return without_markup(value)
        case int() | float():
            return field.display.replace("#", number_text(value))
        case dict():
            return time_span_text(value) if field.type == "TimeSpan" else str(value)
    match field.type:
        case "List" | "Formula":
            return joint.join(names_of(state, field, value))
        case "Reference" | "SurveyReference":
            return joint.join(display_names(state, field, value))
        case "Attachment" | "Image":
            return joint.join(stored.name for stored in value)
        case "SurveyGroupScoring":
            return joint.join(f"{group['name']}: {number_text(group['score'])}" for group in value)
    return joint.join(map(str, value)) if isinstance(value, list) else str(value)


def number_text(number: float) -> str:
    """Write a number without needless decimals."""
    return str(int(number)) if float(number).is_integer() else str(number)


def _computed(state: OnspringState, record: Record, field: AppField) -> Any:
    """Fill the formula in and read it as its output type; None where it cannot be read so."""
    others = {known.name: known for known in state.fields_of(record.app_id) if known.type != "Formula"}

    def put_in(found: re.Match[str]) -> str:
        other = others.get(found[1])
        return "" if other is None else formatted_text(state, other, held(state, record, other), ", ")

    text = _PLACEHOLDER.sub(put_in, field.formula)
    try:
        match field.output_type:
            case "Numeric":
                return float(text)
            case "DateAndTime":
                return read_moment(text)
            case "ListValue":
                return [value.id for value in state.values_of(field) if value.name == text] or None
            case "Text":
                return text or None
    except ValueError:
        return None
