"""What a rule may ask of the change itself: `change: {kind: [create]}` within `when`. Pure."""

from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, StrictStr, model_validator

from service.changes.types import Kind, Origin
from service.rules.changed import Changed
from service.rules.operands import Flag
from service.rules.section import NotEmpty, Section


def _as_list(value: Any) -> Any:
    """One text is a list of one."""
    return [value] if isinstance(value, str) else value


class ChangeConditions(Section):
    """Conditions on the change itself; all of those that are written must hold."""

    kind: Annotated[frozenset[Kind], BeforeValidator(_as_list), NotEmpty] = Field(
        frozenset(),
        description="What happened to the record is one of these. A restored record counts as a create.",
        examples=[["create"]],
    )
    origin: Annotated[frozenset[Origin], BeforeValidator(_as_list), NotEmpty] = Field(
        frozenset(),
        description=(
            "How the relay came to look: a `webhook`, the regular comparison (`reconcile`), `backfill`, or "
            "its own write coming back (`echo`)."
        ),
        examples=[["webhook"]],
    )
    restored: Flag = Field(
        None,
        description="The record came back from the trash (`true`), or did not (`false`).",
        examples=[True],
    )
    edited_by: Annotated[tuple[StrictStr, ...], BeforeValidator(_as_list), NotEmpty] = Field(
        (),
        description=(
            "The record was last modified by one of these, by their names as Fusioo shows them. Of a delete "
            "nobody is told: then it does not hold."
        ),
        examples=[["Lauren Moss"]],
    )
    changed: Changed | None = Field(
        None,
        description=(
            "As a rule's `changed`, but as one condition among others: where there is no diff it does not "
            "hold, and something else under `any` may."
        ),
        examples=[["status"], {"priority": {"to": "High"}}],
    )

    @model_validator(mode="after")
    def _say_something(self) -> Self:
        if not self.model_fields_set:
            message = "has no condition; write one, like {kind: [create]}"
            raise ValueError(message)
        return self
