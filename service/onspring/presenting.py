"""Records as the relay keeps and shows them: fields by their ids, the texts of lists in place of GUIDs. Pure.

    {"id": "16", "created": "2021-11-05T20:32:36Z", …, "6983": "Test Task 1", "6986": ["In Progress"]}

Made of raw data. List values are the texts of their list, references lists of record ids as texts, in lists
also where the field takes one (as Fusioo shows them); attachments are `{"id", "name"}`, images ids of files.
Moments are the texts in UTC that came. What no page names stays as it came. An empty field is null: Onspring
leaves it out, but templates and conditions may name every field of the app.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from service.onspring.definitions import AppFields
from service.onspring.models import (
    AppField,
    AttachmentListValue,
    DateValue,
    DecimalValue,
    FieldValue,
    FileListValue,
    FormulaField,
    GuidListValue,
    GuidValue,
    IntegerListValue,
    IntegerValue,
    ListField,
    Record,
    ReferenceField,
    StringValue,
    TimeSpanValue,
)

_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def present(record: Record, fields: AppFields, stamps: Mapping[int, str]) -> dict[str, Any]:
    """Show a record. `stamps`: the relay's words for the fields that hold stamps."""
    held = dict.fromkeys(fields.by_id) | {
        each.field_id: shown_value(each, fields) for each in record.field_data
    }
    named = {stamps[field_id]: value for field_id, value in held.items() if field_id in stamps}
    others = {str(field_id): value for field_id, value in held.items() if field_id not in stamps}
    return {"id": str(record.record_id), **named, **others}


def shown_value(held: FieldValue, fields: AppFields) -> Any:  # noqa: PLR0911  one for each type
    """Show what one field holds."""
    match held:
        case StringValue() | DecimalValue() | DateValue():
            return held.value
        case GuidValue():
            return _texts([held.value], held.field_id, fields)
        case GuidListValue():
            return _texts(held.value, held.field_id, fields)
        case IntegerValue() if isinstance(fields.by_id.get(held.field_id), ReferenceField):
            return [str(held.value)]
        case IntegerListValue() | FileListValue():
            return [str(one) for one in held.value]
        case AttachmentListValue():
            return [{"id": str(one.file_id), "name": one.file_name} for one in held.value]
        case TimeSpanValue():
            return _time_span(held.value.model_dump(mode="json", by_alias=True, exclude_unset=True))
    return held.model_dump(mode="json", by_alias=True, exclude_unset=True).get("value")


def unknown_in(records: Iterable[Record], fields: AppFields) -> frozenset[str]:
    """Say what records hold that the app's fields do not tell of: ids of fields, GUIDs of list values."""
    return frozenset(
        each for record in records for held in record.field_data for each in _unknown(held, fields)
    )


def as_shown(written: Mapping[str, Any], fields: AppFields) -> dict[str, Any]:
    """Show what is written to a record as it will be read, by field id.

    GUIDs become texts, record ids lists of texts; moments, numbers and texts are compared by their meaning
    (rules/value_hashes.py), so they stay as they are.
    """
    return {field_id: _as_shown(value, fields.find(field_id), fields) for field_id, value in written.items()}


def names_guids(written: Mapping[str, Any]) -> bool:
    """Whether something written may be the GUID of a list's value, which only the app's fields tell."""
    return any(_is_guid(one) for value in written.values() for one in _several(value))


def untold_in(written: Mapping[str, Any], fields: AppFields) -> bool:
    """Whether something written to a list's field is a GUID that the app's fields do not tell of."""
    return any(
        _is_guid(one) and one.lower() not in fields.names_of_values(field.id)
        for field_id, value in written.items()
        if isinstance(field := fields.find(field_id), ListField)
        for one in _several(value)
    )


def _unknown(held: FieldValue, fields: AppFields) -> Iterable[str]:
    if held.field_id not in fields.by_id:
        return [str(held.field_id)]
    names = fields.names_of_values(held.field_id)
    return [guid for guid in _guids_in(held) if guid.lower() not in names]


def _guids_in(held: FieldValue) -> Iterable[str]:
    match held:
        case GuidValue():
            return [held.value]
        case GuidListValue():
            return held.value
    return ()


def _texts(guids: Iterable[str], field_id: int, fields: AppFields) -> list[str]:
    names = fields.names_of_values(field_id)
    return [names.get(guid.lower(), guid) for guid in guids]


def _as_shown(value: Any, field: AppField | None, fields: AppFields) -> Any:
    if value is None:
        return None
    if isinstance(field, ListField | FormulaField):
        return _texts((one for one in _several(value) if isinstance(one, str)), field.id, fields)
    if isinstance(field, ReferenceField):
        return [str(one) for one in _several(value)]
    if isinstance(value, Mapping) and field is not None and field.type == "TimeSpan":
        return _time_span(value)
    return value


def _time_span(value: Mapping[str, Any]) -> dict[str, Any]:
    """Write a time span in full: what does not recur says so (vendor's page, "Time Span Field Value")."""
    return {"recurrence": "None"} | {name: each for name, each in value.items() if each is not None}


def _several(value: Any) -> list[Any]:
    if isinstance(value, list | tuple):
        return list(value)
    return [] if value == "" else [value]


def _is_guid(value: Any) -> bool:
    return isinstance(value, str) and _GUID.fullmatch(value) is not None
