"""What a rule's `when` and `changed` may say. Pure; the meaning stands in `clauses` and `conditions`."""

import math
from typing import Annotated, Any, Self

from pydantic import AfterValidator, ConfigDict, Discriminator, Field, Tag, model_validator

from service.rules.section import Id, NotEmpty, Section, written_as
from service.rules.values import as_time, is_number, unwrap

_LONGEST_SPAN_IN_DAYS = 36_500


def _is_scalar(value: Any) -> bool:
    return value is None or isinstance(value, str | bool | int) or (is_number(value) and math.isfinite(value))


def _check_value(value: Any) -> Any:
    if _is_scalar(value) or (isinstance(value, list | tuple) and all(map(_is_scalar, value))):
        return value
    message = "should be a text, a number, true, false, null or a list of these"
    raise ValueError(message)


def _check_element(value: Any) -> Any:
    element = unwrap(value)
    if element is None or not _is_scalar(element):
        message = "should be one text, number, true or false; for several use contains_any or contains_all"
        raise ValueError(message)
    return value


def _check_elements(value: Any) -> Any:
    elements = value if isinstance(value, list | tuple) else (value,)
    if not elements or any(element is None or not _is_scalar(element) for element in elements):
        message = "should be a list of texts, numbers, true or false, like [High, Critical]"
        raise ValueError(message)
    return value


def _check_bound(value: Any) -> Any:
    bound = unwrap(value)
    if not (is_number(bound) and math.isfinite(bound)) and as_time(bound) is None:
        message = "should be a number, a date like 2024-09-30 or a moment like 2024-09-30T07:00:00Z"
        raise ValueError(message)
    return value


def _check_days(value: Any) -> Any:
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole or not 0 <= value <= _LONGEST_SPAN_IN_DAYS:
        message = f"should be a whole number of days from 0 to {_LONGEST_SPAN_IN_DAYS}"
        raise ValueError(message)
    return value


def _check_flag(value: Any) -> Any:
    if not isinstance(value, bool):
        message = "should be true or false"
        raise ValueError(message)  # noqa: TRY004  pydantic reports ValueError, not TypeError
    return value


Value = Annotated[Any, AfterValidator(_check_value), written_as("value")]
Element = Annotated[Any, AfterValidator(_check_element), written_as("one value")]
Elements = Annotated[Any, AfterValidator(_check_elements), written_as("list of values")]
Bound = Annotated[Any, AfterValidator(_check_bound), written_as("number, date or moment")]
Days = Annotated[
    Any,
    AfterValidator(_check_days),
    written_as("days", type="integer", minimum=0, maximum=_LONGEST_SPAN_IN_DAYS),
]
Flag = Annotated[Any, AfterValidator(_check_flag), written_as("true or false", type="boolean")]


class FieldConditions(Section):
    """The conditions of one field; all of those that are written must hold."""

    equal: Value = Field(
        None,
        description=(
            "The same value. A list of one equals its element. A number equals its digits as a text. Dates "
            "and moments by the calendar: where one side is a date, days are compared."
        ),
        examples=["Done"],
    )
    not_equal: Value = Field(None, description="The exact opposite of `equal`.", examples=["Done"])
    contains: Element = Field(
        None,
        description="A text: these letters stand in it (case counts). A list: it has this element, whole.",
        examples=["High"],
    )
    does_not_contain: Element = Field(
        None, description="The exact opposite of `contains`.", examples=["High"]
    )
    contains_any: Elements = Field(
        None, description="`contains` holds for at least one of these.", examples=[["High", "Critical"]]
    )
    contains_all: Elements = Field(
        None, description="`contains` holds for each of these.", examples=[["Red", "Blue"]]
    )
    greater_than: Bound = Field(
        None, description="A number: larger. A date or moment: later.", examples=[1000]
    )
    less_than: Bound = Field(
        None, description="A number: smaller. A date or moment: earlier.", examples=["2026-12-31"]
    )
    within_previous: Days = Field(
        None, description="A date or moment: today, or at most so many calendar days ago.", examples=[7]
    )
    within_next: Days = Field(
        None, description="A date or moment: today, or at most so many calendar days ahead.", examples=[7]
    )
    is_today: Flag = Field(
        None, description="A date or moment: today (`true`), or on another day (`false`).", examples=[True]
    )
    has_no_value: Flag = Field(
        None,
        description="Null, absent, an empty text or an empty list (`true`), or none of these (`false`).",
        examples=[True],
    )

    @model_validator(mode="after")
    def _say_something(self) -> Self:
        if not self.model_fields_set:
            message = "has no condition; write one, like {equal: Done}"
            raise ValueError(message)
        return self

    def written(self) -> tuple[tuple[str, Any], ...]:
        """The conditions that the file names, with what they expect, in the order of this class."""
        return tuple(
            (name, getattr(self, name)) for name in type(self).model_fields if name in self.model_fields_set
        )


class When(Section):
    """Conditions by field id, all of which must hold; `any`, `all` and `not` combine others.

    A field whose id is `any`, `all` or `not` can't be asked for: these three words are taken.
    """

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, FieldConditions] = Field(init=False)

    any_of: Annotated[tuple["When", ...], NotEmpty] | None = Field(
        default=None,
        alias="any",
        description="At least one of these holds.",
        examples=[[{"status": {"equal": "Done"}}, {"approved": {"equal": True}}]],
    )
    all_of: Annotated[tuple["When", ...], NotEmpty] | None = Field(
        default=None,
        alias="all",
        description="Each of these holds.",
        examples=[[{"status": {"equal": "Done"}}, {"approved": {"equal": True}}]],
    )
    negated: "When | None" = Field(
        default=None,
        alias="not",
        description="This does not hold.",
        examples=[{"status": {"equal": "Done"}}],
    )

    @property
    def fields(self) -> dict[str, FieldConditions]:
        """The conditions by field id."""
        return self.__pydantic_extra__


class Transition(Section):
    """How a field must have changed: from a value, to a value, or both. Null is a value here."""

    before: Value = Field(
        default=None, alias="from", description="What the value was, as `equal` compares.", examples=["To do"]
    )
    after: Value = Field(
        default=None, alias="to", description="What the value is now, as `equal` compares.", examples=["Done"]
    )

    @model_validator(mode="after")
    def _say_something(self) -> Self:
        if not self.model_fields_set:
            message = (
                "needs `from`, `to` or both; for any change write the field in a list: changed: [status]"
            )
            raise ValueError(message)
        return self

    def written(self) -> tuple[tuple[str, Any], ...]:
        """The sides that the file names: `("from", value)`, `("to", value)`."""
        sides = (("from", "before"), ("to", "after"))
        return tuple((side, getattr(self, name)) for side, name in sides if name in self.model_fields_set)


def _form_of_changed(value: Any) -> str:
    return "transitions" if isinstance(value, dict) else "list"


AnyOfFields = Annotated[tuple[Id, ...], NotEmpty]
Transitions = Annotated[dict[Id, Transition], NotEmpty]
Changed = Annotated[
    Annotated[AnyOfFields, Tag("list")] | Annotated[Transitions, Tag("transitions")],
    Discriminator(_form_of_changed),
]
"""A list: one of these fields changed. A mapping: every one of these fields changed in this way."""
