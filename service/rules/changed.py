"""What a rule's `changed` may say. Pure; the meaning stands in `clauses`."""

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from service.rules.operands import Value
from service.rules.section import Id, NotEmpty, Section, written_as


class Transition(Section):
    """How a field must have changed: from a value, to a value, or both. Null is a value here.

    Instead of a mapping one of two words may stand: `set`, the field had no value and has one; `cleared`, it
    had one and has none. What counts as no value is what `has_no_value` says.
    """

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


def _form_of_transition(value: Any) -> str:
    return "word" if isinstance(value, str) else "sides"


def _form_of_changed(value: Any) -> str:
    if isinstance(value, dict):
        return "transitions"
    return "list" if isinstance(value, list | tuple) else "field"


def _as_list(field_id: Any) -> list[Any]:
    if isinstance(field_id, bool) or not isinstance(field_id, str | int):
        message = "should name a field, or several: [status, due_date]"
        raise ValueError(message)  # noqa: TRY004  pydantic reports ValueError, not TypeError
    return [field_id]


Word = Literal["set", "cleared"]
Happened = Annotated[
    Annotated[Transition, Tag("sides")] | Annotated[Word, Tag("word")], Discriminator(_form_of_transition)
]
"""A mapping with `from`, `to` or both; or one of the words."""
OneField = Annotated[
    tuple[Id, ...], BeforeValidator(_as_list), written_as("id", type=["string", "integer"], minLength=1)
]
AnyOfFields = Annotated[tuple[Id, ...], NotEmpty]
Transitions = Annotated[dict[Id, Happened], NotEmpty]
Changed = Annotated[
    Annotated[AnyOfFields, Tag("list")]
    | Annotated[OneField, Tag("field")]
    | Annotated[Transitions, Tag("transitions")],
    Discriminator(_form_of_changed),
]
"""A list, or one field: one of these changed. A mapping: every one of these fields changed in this way."""
