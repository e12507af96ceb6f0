"""Values as they are sent: field data of records, and cells of reports, raw and formatted.

The tables of Onspring's page: Field Value Types, Record Data Format, Report Data Format.
"""

from datetime import datetime
from typing import Any, Literal

from service.dev.simulators.onspring.moments import shown, wire
from service.dev.simulators.onspring.reading import formatted_text, held, names_of
from service.dev.simulators.onspring.records import Record
from service.dev.simulators.onspring.schema import AppField
from service.dev.simulators.onspring.state import OnspringState

DataFormat = Literal["Raw", "Formatted"]

_OTHER_TYPES = {"SurveyGroupScoring": "ScoringGroupList", "SurveyDelegation": "DelegateList"}
_REFERENCES = ("Reference", "SurveyReference")
_SEEN_AS_TEXT = ("AutoNumber", "Date", "Number", "Text", "TimeSpan", "Formula")
"""Types of which a formatted record has the text; of the others the page says nothing, so they stay raw."""


def record_json(
    state: OnspringState, record: Record, fields: list[AppField], data_format: DataFormat
) -> dict[str, Any]:
    """Show a record with those of the fields that have a value."""
    data = []
    for field in fields:
        value = held(state, record, field)
        if value is not None:
            kind, sent = _sent(state, field, value, data_format)
            data.append({"type": kind, "fieldId": field.id, "value": sent})
    return {"appId": record.app_id, "recordId": record.id, "fieldData": data}


def cell(state: OnspringState, record: Record, field: AppField, data_format: DataFormat) -> Any:
    """Show a field's value in a report; None where there is none."""
    value = held(state, record, field)
    if value is None:
        return None
    if data_format == "Formatted":
        return formatted_text(state, field, value, "\r\n")
    match value:
        case datetime():
            return shown(value)
        case int() | float() | str():
            return value
    return formatted_text(state, field, value, "|")


def _sent(state: OnspringState, field: AppField, value: Any, data_format: DataFormat) -> tuple[str, Any]:
    """Give the type and value of one entry of the field data."""
    is_list = field.type == "List" or (field.type == "Formula" and field.output_type == "ListValue")
    if is_list and data_format == "Formatted":
        names = names_of(state, field, value)
        return ("StringList", names) if field.is_multiple else ("String", names[0])
    if is_list:
        return ("GuidList", value) if field.is_multiple else ("Guid", value[0])
    if data_format == "Formatted" and field.type in _SEEN_AS_TEXT:
        return "String", formatted_text(state, field, value, ", ")
    return _raw(field, value)


def _raw(field: AppField, value: Any) -> tuple[str, Any]:  # noqa: PLR0911 (one for each type)
    if field.type in _REFERENCES:
        return ("IntegerList", value) if field.is_multiple else ("Integer", value[0])
    match field.type:
        case "Attachment":
            return "AttachmentList", [stored.attachment() for stored in value]
        case "Image":
            return "FileList", [stored.id for stored in value]
        case "AutoNumber":
            return "Integer", value
        case "TimeSpan":
            return "TimeSpan", value
    match value:
        case datetime():
            return "Date", wire(value)
        case int() | float():
            return "Decimal", value
    return _OTHER_TYPES.get(field.type, "StringList" if isinstance(value, list) else "String"), value
