"""What a create or an update may hold: the checks behind code 30050."""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from service.dev.simulators.fusioo.schema import ARRAYS, RAW, SYSTEM_FIELDS, TEXTS, App, Field, FieldType

RecordExists = Callable[[str, str], bool]
"""(app id, record id) → whether a link may point there."""
FileUsable = Callable[[str], bool]
"""A file's id → whether the record may hold it."""

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_SYSTEM_IDS = frozenset(field.id for field in SYSTEM_FIELDS)


def check_values(
    app: App,
    values: Mapping[str, Any],
    *,
    creating: bool,
    record_exists: RecordExists,
    file_usable: FileUsable = lambda _file_id: False,
    computing: bool = False,
) -> list[dict[str, str]]:
    """List what is wrong: `{field, message}` each, empty if nothing is.

    `computing` lets the fields be set that the provider itself fills.
    """
    links = _Links(record_exists, file_usable)
    problems = [
        {"field": field_id, "message": message}
        for field_id, value in values.items()
        for message in _problems_of(app, field_id, value, links, computing=computing)
    ]
    for field in app.fields:
        emptied = field.id in values and values[field.id] in (None, "", [])
        if field.is_required and (emptied or (creating and field.id not in values)):
            problems.append({"field": field.id, "message": f"{field.name} is required"})
    return problems


def _problems_of(app: App, field_id: str, value: Any, links: "_Links", *, computing: bool) -> list[str]:
    field = app.field(field_id)
    if field is None:
        return [f"{field_id} is not a field of {app.name}"]
    if field_id in _SYSTEM_IDS or not (field.settable or computing):
        return [f"{field.name} cannot be set"]
    if value is None:
        return []
    problem = _wrong_type(field, value)
    if problem is None and field.type in ARRAYS:
        return _wrong_members(field, value, links)
    return [] if problem is None else [problem]


def _wrong_type(field: Field, value: Any) -> str | None:
    match field.type:
        case kind if kind in TEXTS:
            fits, wanted = isinstance(value, str), "a text"
        case FieldType.NUMBER:
            number = isinstance(value, int | float) and not isinstance(value, bool)
            fits, wanted = number and math.isfinite(value), "a number"
        case FieldType.BOOLEAN:
            fits, wanted = isinstance(value, bool), "true or false"
        case FieldType.DATE:
            fits, wanted = _is_date(value), "a date like 2024-09-30"
        case FieldType.DATE_TIME:
            fits, wanted = _is_date_time(value), "a date-time like 2016-09-15T07:00:00-0500"
        case FieldType.DATE_RANGE:
            fits, wanted = _is_date_range(value), "two dates like 2024-09-24|2024-09-30"
        case FieldType.AUTO_NUMBER:
            fits, wanted = isinstance(value, str | int), "a number, with its prefix"
        case kind if kind in RAW:
            fits, wanted = True, "anything"
        case _:
            fits = isinstance(value, list) and all(isinstance(member, str) for member in value)
            wanted = "an array of texts"
    return None if fits else f"{field.name} must be {wanted}"


@dataclass(frozen=True)
class _Links:
    """What a record may point to."""

    record_exists: RecordExists
    file_usable: FileUsable

    def allow(self, field: Field, member: str) -> bool:
        match field.type:
            case FieldType.APP_LINK:
                return self.record_exists(str(field.options["app_id"]), member)
            case FieldType.FILE:
                return self.file_usable(member)
            case _:
                return member in field.options.get("items", ())


def _wrong_members(field: Field, members: list[str], links: _Links) -> list[str]:
    problems = []
    if len(members) > 1 and not field.options.get("allow_multiple", False):
        problems.append(f"{field.name} takes one value")
    unknown = [member for member in members if not links.allow(field, member)]
    return problems + [f"{member!r} is not an option of {field.name}" for member in unknown]


def _is_date(value: Any) -> bool:
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_date_range(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    first, bar, last = value.partition("|")
    return bool(bar) and _is_date(first) and _is_date(last) and first <= last


def _is_date_time(value: Any) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value) is not None and "T" in value
    except ValueError:
        return False
