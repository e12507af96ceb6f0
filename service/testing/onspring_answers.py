"""What Onspring's answers look like: fields and values as its API shows them. For FakeOnspring."""

import json
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from service.transport.messages import Response

_TYPES = {
    "Text": "String",
    "Number": "Decimal",
    "AutoNumber": "Integer",
    "Date": "Date",
    "TimeSpan": "TimeSpan",
    "Attachment": "AttachmentList",
    "Image": "FileList",
}
_CONDITION = re.compile(r"(\d+) (eq|contains) (?:'((?:[^']|'')*)'|(-?[\d.]+))")
_AND = " and "


def json_answer(data: Any, status: int = HTTPStatus.OK) -> Response:
    """Answer with JSON."""
    return Response(status, {"content-type": "application/json"}, json.dumps(data).encode())


def refusal(status: int, message: str) -> Response:
    """Answer with an error object."""
    return json_answer({"message": message}, status)


def page_of(items: list[Any]) -> dict[str, Any]:
    """Show everything as one page."""
    return {
        "pageNumber": 1,
        "pageSize": max(len(items), 1),
        "totalPages": 1,
        "totalRecords": len(items),
        "items": items,
    }


def guid_of(field_id: int, name: str) -> str:
    """The id that a value of a list has here: always the same."""
    return str(uuid5(NAMESPACE_URL, f"{field_id}/{name}"))


def field_json(app_id: int, field_id: int, told: str | Mapping[str, Any]) -> dict[str, Any]:
    """Make a field of its name, or of what the API's page shows of it; `values` may be names alone."""
    known: dict[str, Any] = {"name": told} if isinstance(told, str) else dict(told)
    known["values"] = [
        {"id": guid_of(field_id, each), "name": each} if isinstance(each, str) else dict(each)
        for each in known.get("values", ())
    ]
    common = {"type": "Text", "status": "Enabled", "multiplicity": "SingleSelect", "listId": field_id}
    return {**common, **known, "id": field_id, "appId": app_id}


def value_json(field_id: int, value: Any, field: Mapping[str, Any] | None) -> dict[str, Any]:
    """Show what a field holds, as the type of the field does, or of the value where there is no field."""
    of = str(field["type"]) if field else ""
    if of == "List":
        kind = "GuidList" if isinstance(value, list) else "Guid"
    else:
        kind = _TYPES.get(of) or _type_of(value)
    return {"type": kind, "fieldId": field_id, "value": value}


def _type_of(value: Any) -> str:
    match value:
        case [str(), *_]:
            return "GuidList"
        case [int(), *_] | []:
            return "IntegerList"
        case int():
            return "Integer"
        case float():
            return "Decimal"
    return "String"


def matches(filter_text: str, held: Mapping[int, Any]) -> bool:
    """Whether a record passes a filter of `eq` and `contains`, joined by `and`.

    Raises AssertionError for any other: what it gives is the test's to say.
    """
    place = 0
    passes = True
    while True:
        found = _CONDITION.match(filter_text, place)
        if found is None:
            raise AssertionError(
                f"only `eq` and `contains` with `and` are understood here, not {filter_text!r}: "
                "answer('POST', '/Records/Query', {'items': [...]})"
            )
        passes &= _holds(held.get(int(found[1])), found)
        place = found.end()
        if place == len(filter_text):
            return passes
        place += len(_AND) * filter_text.startswith(_AND, place)


def _holds(value: Any, condition: re.Match[str]) -> bool:
    wanted = condition[4] if condition[3] is None else condition[3].replace("''", "'")
    values = (
        [str(each) for each in value] if isinstance(value, list) else [] if value is None else [str(value)]
    )
    if condition[2] == "contains" and not isinstance(value, list):
        return any(wanted in each for each in values)
    return wanted in values
