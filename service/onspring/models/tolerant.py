"""What all of Onspring's things have in common: they keep what they don't know."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict
from pydantic.alias_generators import to_camel


class Tolerant(BaseModel):
    """Frozen. `record_id` reads `recordId`; unknown keys are kept (`model_extra`), values never change."""

    model_config = ConfigDict(extra="allow", frozen=True, alias_generator=to_camel, populate_by_name=True)


def _null_as_empty_text(value: object) -> object:
    return "" if value is None else value


def _null_as_empty_list(value: object) -> object:
    return () if value is None else value


EmptyList = BeforeValidator(_null_as_empty_list)

Text = Annotated[str, BeforeValidator(_null_as_empty_text)]
"""A text; null reads as an empty one."""
