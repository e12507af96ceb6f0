"""A record. Shape: the vendor's page, API version 2."""

from typing import Annotated, Any, Literal, TypeAlias

from service.onspring.models.tolerant import EmptyList, Tolerant
from service.onspring.models.value import AnyValue, FieldValue

DataFormat: TypeAlias = Literal["Raw", "Formatted"]
"""`Raw`: values as they are stored. `Formatted`: as people see them, mostly texts, without HTML."""


class Record(Tolerant):
    """A record with those of its fields that hold something.

    `record_id` is what calls and references take; the number that people see is a field of its own.
    """

    record_id: int
    app_id: int | None = None
    field_data: Annotated[tuple[AnyValue, ...], EmptyList] = ()

    def field(self, field_id: int) -> FieldValue | None:
        """What the field holds; None where it is empty, or was not asked for."""
        return next((each for each in self.field_data if each.field_id == field_id), None)

    def value(self, field_id: int) -> Any:
        """The value alone; None where `field` gives None."""
        held = self.field(field_id)
        return None if held is None else held.value


class SavedRecord(Tolerant):
    """The answer to a saved record."""

    id: int
    warnings: Annotated[tuple[Any, ...], EmptyList] = ()
    """What Onspring did not take as it was sent; texts, as far as the page says."""


class SavedListValue(Tolerant):
    """The answer to a saved value of a list."""

    id: str
