"""What a rule may ask of the change itself: `change: {kind: [create]}` within `when`. Pure."""

from typing import Annotated, Self

from pydantic import Field, StrictStr, model_validator

from service.changes.types import Kind, Origin
from service.rules.changed import Changed
from service.rules.operands import Flag
from service.rules.section import NotEmpty, OneOrMore, Section


class ChangeConditions(Section):
    """Conditions on the change itself; all of those that are written must hold."""

    kind: Annotated[frozenset[Kind], OneOrMore, NotEmpty] = Field(
        frozenset(),
        description="What happened to the record is one of these. A restored record counts as a create.",
        examples=[["create"]],
    )
    origin: Annotated[frozenset[Origin], OneOrMore, NotEmpty] = Field(
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
    edited_by: Annotated[tuple[StrictStr, ...], OneOrMore, NotEmpty] = Field(
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
