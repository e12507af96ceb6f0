from typing import Any

import pytest

from service.dev.simulators.fusioo.example_apps import tasks_app
from service.dev.simulators.fusioo.validation import check_values


def _known(app_id: str, record_id: str) -> bool:
    return (app_id, record_id) == ("i502fb", "i1")


def _wrong_fields(values: dict[str, Any], *, creating: bool = False) -> list[str]:
    problems = check_values(tasks_app(), values, creating=creating, record_exists=_known)
    return [problem["field"] for problem in problems]


def test_a_full_record_passes() -> None:
    values = {
        "title": "A task",
        "notes": "<p>Text</p>",
        "priority": ["High"],
        "status": ["Done"],
        "due_date": "2024-02-29",
        "responsible": ["Lauren Moss"],
        "approved": False,
        "estimate": 1.5,
        "client": ["i1"],
    }
    assert _wrong_fields(values, creating=True) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("colour", "red"),
        ("created", "2024-01-01T00:00:00"),
        ("title", 5),
        ("title", ""),
        ("priority", "High"),
        ("priority", ["Urgent"]),
        ("priority", ["High", "Low"]),
        ("responsible", ["Nobody"]),
        ("client", ["i2"]),
        ("due_date", "2024-02-30"),
        ("due_date", "2024-02-20T10:00:00"),
        ("approved", 1),
        ("estimate", "4"),
        ("estimate", True),
    ],
)
def test_a_wrong_value_is_named(field: str, value: Any) -> None:
    assert _wrong_fields({field: value}) == [field]


def test_required_fields_are_needed_at_creation_only() -> None:
    assert _wrong_fields({"notes": "x"}, creating=True) == ["title"]
    assert _wrong_fields({"notes": "x"}) == []


def test_null_empties_a_field_that_is_not_required() -> None:
    assert _wrong_fields({"notes": None, "priority": []}) == []
    assert _wrong_fields({"title": None}) == ["title"]
