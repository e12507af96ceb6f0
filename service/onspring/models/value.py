"""What a field holds in a record: one class for each type of value. Shapes: the vendor's page, API version 2.

`value` is what came. A type that no page names (`DelegateList` exists), and a value that does not fit its
type, are kept as they came, as `OtherValue`: one odd field spoils no record.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, TypeAlias

from pydantic import SerializeAsAny, StrictFloat, StrictInt, StrictStr, ValidationError, WrapValidator
from pydantic.functional_validators import ModelWrapValidatorHandler

from service.onspring.models.tolerant import Tolerant


class FieldValue(Tolerant):
    """What one field holds."""

    type: str
    field_id: int
    value: Any = None


class OtherValue(FieldValue):
    """A value of a type that no page names, or that does not fit its type."""


class StringValue(FieldValue):
    """A text; with its HTML in raw data. In formatted data most types become one."""

    value: StrictStr


class IntegerValue(FieldValue):
    """A whole number: an auto-number, or a record id in a reference to one record."""

    value: StrictInt


class DecimalValue(FieldValue):
    """A number."""

    value: StrictInt | StrictFloat


class DateValue(FieldValue):
    """A moment in UTC, as it came: `2023-02-15T06:00:00Z`."""

    value: StrictStr


class TimeSpan(Tolerant):
    """A duration that may recur."""

    quantity: StrictInt | StrictFloat
    increment: str
    """`Years`, `Months`, `Weeks`, `Days`, `Hours`, `Minutes` or `Seconds`."""
    recurrence: str | None = None
    """`None`, `EndByDate` or `EndAfterOccurrences`."""
    end_by_date: str | None = None
    end_after_occurrences: int | None = None


class TimeSpanValue(FieldValue):
    """A time span."""

    value: TimeSpan


class GuidValue(FieldValue):
    """The id of a value of a list."""

    value: StrictStr


class StringListValue(FieldValue):
    """Names of values of a list, in formatted data."""

    value: tuple[StrictStr, ...]


class IntegerListValue(FieldValue):
    """Record ids, in a reference to several records."""

    value: tuple[StrictInt, ...]


class GuidListValue(FieldValue):
    """Ids of values of a list."""

    value: tuple[StrictStr, ...]


class Attachment(Tolerant):
    """A file in an attachment field."""

    file_id: int
    file_name: str | None = None
    notes: str | None = None
    storage_location: str | None = None
    """`Internal`, `OneDrive` or `GoogleDrive`; others than the first have links."""
    download_link: str | None = None
    quick_edit_link: str | None = None


class AttachmentListValue(FieldValue):
    """The files of an attachment field."""

    value: tuple[Attachment, ...]


class ScoringGroup(Tolerant):
    """What a survey's scoring group came to."""

    list_value_id: str
    name: str | None = None
    score: StrictInt | StrictFloat | None = None
    maximum_score: StrictInt | StrictFloat | None = None


class ScoringGroupListValue(FieldValue):
    """What a survey's scoring groups came to."""

    value: tuple[ScoringGroup, ...]


class FileListValue(FieldValue):
    """Ids of files, in an image field."""

    value: tuple[StrictInt, ...]


VALUE_TYPES: Mapping[str, type[FieldValue]] = MappingProxyType(
    {
        "String": StringValue,
        "Integer": IntegerValue,
        "Decimal": DecimalValue,
        "Date": DateValue,
        "TimeSpan": TimeSpanValue,
        "Guid": GuidValue,
        "StringList": StringListValue,
        "IntegerList": IntegerListValue,
        "GuidList": GuidListValue,
        "AttachmentList": AttachmentListValue,
        "ScoringGroupList": ScoringGroupListValue,
        "FileList": FileListValue,
    }
)
"""The class of each type on the page."""


def _by_type(data: Any, handler: ModelWrapValidatorHandler[FieldValue]) -> FieldValue:
    kind = data.get("type") if isinstance(data, dict) else None
    typed = VALUE_TYPES.get(kind) if isinstance(kind, str) else None
    if typed is not None:
        try:
            return typed.model_validate(data)
        except ValidationError:
            return OtherValue.model_validate(data)
    return OtherValue.model_validate(data) if isinstance(data, dict) else handler(data)


AnyValue: TypeAlias = Annotated[SerializeAsAny[FieldValue], WrapValidator(_by_type)]
"""A value as the class of its type."""
