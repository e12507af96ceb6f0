"""What all of Fusioo's things have in common: they keep what they don't know."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict


class Tolerant(BaseModel):
    """Frozen. Unknown keys are kept (`model_extra`), numbers are taken for ids, values never change.

    A key that did not come and one that came as null may both read as None or as empty; `came` tells them
    apart.
    """

    model_config = ConfigDict(extra="allow", frozen=True, coerce_numbers_to_str=True)

    def came(self, key: str) -> bool:
        """Was this key in the answer, be it as null? Absent may also mean: the token may not see it."""
        return key in self.model_fields_set or key in (self.model_extra or {})


def _null_as_empty_text(value: object) -> object:
    return "" if value is None else value


def _null_as_empty_list(value: object) -> object:
    return () if value is None else value


def _null_as_empty_object(value: object) -> object:
    return {} if value is None else value


EmptyText = BeforeValidator(_null_as_empty_text)
EmptyList = BeforeValidator(_null_as_empty_list)
EmptyObject = BeforeValidator(_null_as_empty_object)

Text = Annotated[str, EmptyText]
"""A text; null reads as an empty one."""
Ids = Annotated[tuple[str, ...], EmptyList]
"""A list of ids; null reads as an empty one."""
