"""What a rule's `when` may say. Pure; the meaning stands in `clauses` and `conditions`."""

from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, model_validator

from service.rules.change_conditions import ChangeConditions
from service.rules.operands import Bound, Days, Element, Elements, Flag, Value
from service.rules.problems import KeyPath
from service.rules.section import NotEmpty, Section


class FieldConditions(Section):
    """The conditions of one field; all of those that are written must hold."""

    equal: Value = Field(
        None,
        description=(
            "The same value. Texts without case, and HTML as what it shows. A list of one equals its "
            "element, and the order of several does not count. A number equals its digits as a text. Dates "
            "and moments by the calendar: where one side is a date, days are compared."
        ),
        examples=["Done"],
    )
    not_equal: Value = Field(None, description="The exact opposite of `equal`.", examples=["Done"])
    contains: Element = Field(
        None,
        description=(
            "A text: these letters stand in what it shows, without case. A list: it has this element, whole."
        ),
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
        None,
        description="A number: larger. A date or moment: later. A date range: all of it is later.",
        examples=[1000],
    )
    less_than: Bound = Field(
        None,
        description="A number: smaller. A date or moment: earlier. A date range: all of it is earlier.",
        examples=["2026-12-31"],
    )
    within_previous: Days = Field(
        None,
        description=(
            "A date or moment: today, or at most so many calendar days ago. A date range: one of its days."
        ),
        examples=[7],
    )
    within_next: Days = Field(
        None,
        description=(
            "A date or moment: today, or at most so many calendar days ahead. A date range: one of its days."
        ),
        examples=[7],
    )
    is_today: Flag = Field(
        None,
        description=(
            "A date or moment: today (`true`), or on another day (`false`). A date range: today is in it."
        ),
        examples=[True],
    )
    has_no_value: Flag = Field(
        None,
        description=(
            "Nothing is to be seen: null, absent, an empty text, list or HTML, only blanks (`true`); or "
            "something is (`false`)."
        ),
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
        return self.in_order

    @cached_property
    def in_order(self) -> tuple[tuple[str, Any], ...]:
        """What `written` gives, found once: every change asks for it."""
        return tuple(
            (name, getattr(self, name)) for name in type(self).model_fields if name in self.model_fields_set
        )


class When(Section):
    """Conditions by field id, all of which must hold; `any`, `all` and `not` combine others.

    A field whose id is `any`, `all`, `not` or `change` can't be asked for: these four words are taken.
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
    of_change: ChangeConditions | None = Field(
        default=None,
        alias="change",
        description="Conditions on the change itself: what happened, how it was found, who edited.",
        examples=[{"kind": ["create"]}, {"edited_by": ["Lauren Moss"]}],
    )

    @property
    def fields(self) -> dict[str, FieldConditions]:
        """The conditions by field id."""
        return self.__pydantic_extra__

    def walk(self, path: KeyPath = ()) -> Iterator[tuple[KeyPath, "When"]]:
        """This and all that it combines, each with its way from here: `("any", 0)`."""
        yield path, self
        for index, each in enumerate(self.all_of or ()):
            yield from each.walk((*path, "all", index))
        for index, each in enumerate(self.any_of or ()):
            yield from each.walk((*path, "any", index))
        if self.negated is not None:
            yield from self.negated.walk((*path, "not"))
