from typing import Any

import pytest

from service.dev.simulators.fusioo.example_apps import tasks_app
from service.dev.simulators.fusioo.schema import COMPUTED, RAW, App, Field, FieldType
from service.dev.simulators.fusioo.validation import check_values
from tests.fixtures.typed_app import RIGHT, TYPED_ID, WRONG, typed_app


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


def _typed_problems(kind: FieldType, value: Any, *, computing: bool = False) -> list[str]:
    problems = check_values(
        typed_app(),
        {kind.value: value},
        creating=False,
        record_exists=lambda app_id, record_id: (app_id, record_id) == (TYPED_ID, "i1"),
        file_usable=lambda file_id: file_id == "if1",
        computing=computing,
    )
    return [problem["field"] for problem in problems]


@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind in RIGHT for value in RIGHT[kind]])
def test_every_type_takes_its_values(kind: FieldType, value: Any) -> None:
    assert _typed_problems(kind, value) == []


@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind in WRONG for value in WRONG[kind]])
def test_every_type_refuses_the_others(kind: FieldType, value: Any) -> None:
    assert _typed_problems(kind, value) == [kind.value]


def test_every_type_is_tried_both_ways() -> None:
    assert set(RIGHT) == set(FieldType) - COMPUTED
    assert set(WRONG) == set(FieldType) - (RAW - COMPUTED)  # those take anything: their form is not known


def test_what_the_provider_computes_is_set_by_nobody_else() -> None:
    assert _typed_problems(FieldType.FORMULA, 12.5, computing=True) == []
    assert _typed_problems(FieldType.AUTO_NUMBER, "GDX-1", computing=True) == []


def test_a_field_that_may_not_be_updated_is_refused() -> None:
    app = App("i1", "Closed", "Closed", [Field("title", "Title", FieldType.TEXT, can_update=False)])
    problems = check_values(app, {"title": "x"}, creating=True, record_exists=_known)
    assert problems == [{"field": "title", "message": "Title cannot be set"}]
