"""Fusioo's types of field, how their values arrive, and a condition that holds for each."""

from typing import Any, NamedTuple


class FieldType(NamedTuple):
    """A type of field. The value is as the API sends it; the conditions hold for it on `TODAY`."""

    name: str
    value: Any
    conditions: dict[str, Any]
    note: str = ""


TODAY = "2026-11-22"
"""The day on which the examples hold."""

FIELD_TYPES = (
    FieldType("text, web address, email", "Write the offer", {"contains": "offer"}),
    FieldType(
        "multi-line text",
        "<p>Call <b>back</b></p>",
        {"contains": "call back"},
        "HTML, compared as what it shows, unless HTML is asked for.",
    ),
    FieldType("number", 1200, {"greater_than": 1000, "less_than": 2000}),
    FieldType("yes/no", True, {"equal": True}),
    FieldType("date", "2026-11-20", {"within_previous": 7}, "A day, never moved by a time zone."),
    FieldType(
        "date and time", "2026-11-22T09:30:00+0000", {"is_today": True}, "Without an offset it is UTC."
    ),
    FieldType(
        "date range",
        "2026-11-20|2026-11-24",
        {"is_today": True, "less_than": "2026-12-01"},
        "Both days and all between.",
    ),
    FieldType(
        "list", ["High"], {"contains_any": ["High", "Critical"]}, "An array, for a single choice as well."
    ),
    FieldType("user, created by, role", ["Lauren Moss"], {"equal": "Lauren Moss"}, "Names as shown."),
    FieldType("link to an app", ["i59adb", "i77c01"], {"contains": "i59adb"}, "Ids of records."),
    FieldType("file", ["i90aa2"], {"has_no_value": False}, "Ids of files."),
    FieldType("auto-number", "GDX-22433", {"contains": "GDX-"}),
    FieldType("formula, roll-up", 15.5, {"less_than": 20}, "What it yields: text, number, date or yes/no."),
)
"""Types whose values on the wire are known. Of others (currency, duration, …) they are taken as they come."""
