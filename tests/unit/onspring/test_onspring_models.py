"""What came is kept: types that no page names, links, fractions, values of lists."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from service.onspring.models import (
    AnyField,
    AppField,
    Attachment,
    AttachmentListValue,
    DecimalValue,
    FieldValue,
    FormulaField,
    IntegerValue,
    ListField,
    ListValue,
    OtherValue,
    Page,
    Record,
    ReferenceField,
    StringValue,
    TimeSpanValue,
)
from service.onspring.values import UnfitValueError, write_value

FIELD: TypeAdapter[AppField] = TypeAdapter(AnyField)
FIELDS: TypeAdapter[Page[AppField]] = TypeAdapter(Page[AnyField])

VALUE = {"id": "b235afb2-b786-4c87-bce9-fbd700e246c1", "name": "High", "sortOrder": 1, "numericValue": 0.5}
LIST = {"id": 1, "type": "List", "multiplicity": "MultiSelect", "listId": 7, "values": [VALUE]}
FORMULA = {"id": 2, "type": "Formula", "outputType": "ListValue", "values": [VALUE]}


def held(kind: str, value: Any) -> FieldValue:
    record = Record.model_validate(
        {"recordId": 1, "fieldData": [{"type": kind, "fieldId": 2, "value": value}]}
    )
    found = record.field(2)
    assert found is not None
    assert record.value(2) == found.value
    return found


def test_lists_and_formulas_keep_the_values_of_their_lists() -> None:
    """A defect of other clients: list values were lost, and their numbers were whole."""
    page = FIELDS.validate_python({"items": [LIST, FORMULA]})
    chosen, formula = page.items
    assert isinstance(chosen, ListField)
    assert isinstance(formula, FormulaField)
    assert chosen.values == formula.values == (ListValue.model_validate(VALUE),)
    assert (chosen.list_id, chosen.takes_several) == (7, True)
    assert chosen.values[0].numeric_value == 0.5
    assert chosen.value_named("High") == chosen.values[0]
    assert chosen.value_named("high") is None
    assert page.model_dump(by_alias=True, exclude_unset=True)["items"][0]["values"][0] == VALUE


@pytest.mark.parametrize("name", ["referencedAppId", "referenceAppId"])
def test_a_reference_tells_its_app_under_both_names_of_the_page(name: str) -> None:
    field = FIELD.validate_python({"id": 1, "type": "Reference", "multiplicity": "SingleSelect", name: 3})
    assert isinstance(field, ReferenceField)
    assert (field.referenced_app_id, field.takes_several) == (3, False)


def test_a_type_of_field_that_no_page_names_is_kept() -> None:
    field = FIELD.validate_python({"id": 1, "type": "SurveyDelegation", "surveyId": 9})
    assert type(field) is AppField
    assert field.model_extra == {"surveyId": 9}


def test_attachments_keep_their_links() -> None:
    """A defect of other clients: links were dropped."""
    drive = {
        "fileId": 9,
        "storageLocation": "OneDrive",
        "downloadLink": "https://d",
        "quickEditLink": "https://q",
    }
    value = held("AttachmentList", [drive])
    assert isinstance(value, AttachmentListValue)
    assert value.value == (Attachment.model_validate(drive),)
    assert (value.value[0].download_link, value.value[0].quick_edit_link) == ("https://d", "https://q")


def test_values_are_those_of_their_type() -> None:
    assert isinstance(held("Integer", 3), IntegerValue)
    assert isinstance(held("Decimal", 100), DecimalValue)
    assert held("Decimal", 15.3).value == 15.3
    assert isinstance(held("String", "<p>a</p>"), StringValue)
    span = held(
        "TimeSpan",
        {
            "quantity": 11,
            "increment": "Seconds",
            "recurrence": "EndAfterOccurrences",
            "endAfterOccurrences": 1,
        },
    )
    assert isinstance(span, TimeSpanValue)
    assert (span.value.quantity, span.value.end_after_occurrences) == (11, 1)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("DelegateList", [{"emailAddress": "a@b.c"}]),
        ("Integer", "3"),
        ("GuidList", None),
        ("TimeSpan", "Every 11"),
    ],
)
def test_an_odd_value_is_kept_as_it_came(kind: str, value: Any) -> None:
    found = held(kind, value)
    assert type(found) is OtherValue
    assert (found.type, found.value) == (kind, value)


def test_a_field_without_a_value_is_absent() -> None:
    record = Record.model_validate({"recordId": 1, "fieldData": None})
    assert (record.field(2), record.value(2), record.field_data) == (None, None, ())


@given(st.text(), st.one_of(st.none(), st.text(), st.integers(), st.lists(st.integers())))
def test_any_value_survives(kind: str, value: Any) -> None:
    data = {"recordId": 1, "appId": 2, "fieldData": [{"type": kind, "fieldId": 3, "value": value, "new": 1}]}
    assert Record.model_validate(data).model_dump(by_alias=True, mode="json") == data


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (Decimal("1.50"), 1.5),
        (Decimal(100), 100),
        (UUID("71afe161-34f9-49d0-b45e-968b764c884c"), "71afe161-34f9-49d0-b45e-968b764c884c"),
        ((datetime(2024, 1, 1, 12, 0, 0, 500_000, tzinfo=UTC),), ["2024-01-01T12:00:00.500000Z"]),
        ({"quantity": Decimal(1)}, {"quantity": 1}),
        (True, True),
    ],
)
def test_values_become_json(value: Any, written: Any) -> None:
    assert repr(write_value(value)) == repr(written)


@pytest.mark.parametrize(
    "value",
    [
        datetime.fromisoformat("2024-01-01T00:00:00"),
        date(2024, 1, 1),
        Decimal("NaN"),
        Decimal("1.00000000000000000001"),
        object(),
    ],
)
def test_what_no_field_holds_is_refused(value: Any) -> None:
    with pytest.raises(UnfitValueError):
        write_value(value)
