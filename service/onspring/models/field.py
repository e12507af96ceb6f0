"""Fields of apps: what type they have, and what each type adds. Shapes: the vendor's page, API version 2."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, TypeAlias

from pydantic import AliasChoices, Field, SerializeAsAny, WrapValidator
from pydantic.functional_validators import ModelWrapValidatorHandler

from service.onspring.models.tolerant import EmptyList, Text, Tolerant


class ListValue(Tolerant):
    """One of the values of a list. Writing a list field takes its `id`, a GUID, not its name."""

    id: str
    name: Text = ""
    sort_order: int | None = None
    numeric_value: float | None = None
    """May have a fraction."""
    color: str | None = None
    """`#rgb` or `#rrggbb`."""


ListValues: TypeAlias = Annotated[tuple[ListValue, ...], EmptyList]


class AppField(Tolerant):
    """A field of any type, also of one that no page names: what that adds is in `model_extra`."""

    id: int
    app_id: int | None = None
    name: Text = ""
    type: Text = ""
    status: Text = ""
    """`Enabled` or `Disabled`."""
    is_required: bool = False
    is_unique: bool = False


class _Selecting(AppField):
    multiplicity: Text = ""
    """`SingleSelect` or `MultiSelect`."""

    @property
    def takes_several(self) -> bool:
        return self.multiplicity == "MultiSelect"


class ListField(_Selecting):
    """A field that takes values of a list."""

    list_id: int | None = None
    values: ListValues = ()

    def value_named(self, name: str) -> ListValue | None:
        """The value of this name, letter by letter, or None."""
        return next((value for value in self.values if value.name == name), None)


class ReferenceField(_Selecting):
    """A field that names records of an app by their record ids."""

    referenced_app_id: int | None = Field(
        default=None,  # the page's table has the one name, its samples the other
        validation_alias=AliasChoices("referencedAppId", "referenceAppId", "referenced_app_id"),
    )


class FormulaField(AppField):
    """A field that is computed."""

    output_type: Text = ""
    """`Text`, `Numeric`, `DateAndTime` or `ListValue`."""
    values: ListValues = ()
    """Where the output is a list's value."""


_TYPED: Mapping[str, type[AppField]] = MappingProxyType(
    {
        "List": ListField,
        "Reference": ReferenceField,
        "SurveyReference": ReferenceField,
        "Formula": FormulaField,
    }
)


def _by_type(data: Any, handler: ModelWrapValidatorHandler[AppField]) -> AppField:
    kind = data.get("type") if isinstance(data, dict) else None
    typed = _TYPED.get(kind) if isinstance(kind, str) else None
    return handler(data) if typed is None else typed.model_validate(data)


AnyField: TypeAlias = Annotated[SerializeAsAny[AppField], WrapValidator(_by_type)]
"""A field as the class of its type; AppField for all others."""
