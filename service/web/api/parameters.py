"""What requests ask, read and checked; the document of the API is made from the same types."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import Annotated, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    WithJsonSchema,
)

from service.clock import parse_past
from service.errors import RelayError

MOST = 200
"""Things on one page."""
_LONGEST_AGO = timedelta(days=36_500)  # of longer ones Postgres makes moments that it can't represent

_WITHOUT_NUL = r"^[^\x00]*$"  # Postgres takes none in a text

Text = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=_WITHOUT_NUL)]
MaybeText = Annotated[str, StringConstraints(max_length=500, pattern=_WITHOUT_NUL)]
Number = Annotated[int, Field(ge=0, le=2**63 - 1)]
Limit = Annotated[int, Field(ge=1, le=MOST)]


def _past(value: object) -> object:
    if not isinstance(value, str):
        return value
    past = parse_past(value)
    if isinstance(past, timedelta) and past > _LONGEST_AGO:
        message = "is more than a hundred years ago"
        raise ValueError(message)
    return past


Past = Annotated[datetime | timedelta, BeforeValidator(_past), WithJsonSchema({"type": "string"})]
"""How long ago (`2h`), or a moment (`2026-11-22T05:00`, in UTC where it does not say)."""


class WrongParameterError(RelayError, ValueError):
    """A parameter of a request is unknown, or has a value that does not fit. `parameter` is its name."""

    def __init__(self, parameter: str, reason: str) -> None:
        self.parameter = parameter
        super().__init__(f"{parameter}: {reason}")


class Query(BaseModel):
    """The parameters of one operation. What stands below a field is what people read of it."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


Q = TypeVar("Q", bound=Query)


def parse(kind: type[Q], in_path: Mapping[str, str], in_query: Iterable[tuple[str, str]]) -> Q:
    """Read the parameters of a request. Raises WrongParameterError for the first that is wrong."""
    given = dict(in_path)
    for name, value in in_query:
        if name not in kind.model_fields or name in in_path:
            known = [each for each in kind.model_fields if each not in in_path]
            raise WrongParameterError(name, f"is no parameter here; {_meant(name, known)}")
        if name in given:
            raise WrongParameterError(name, "is given twice")
        given[name] = value
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        # Of our own errors the message is enough; pydantic puts words of its own before it.
        reason = first["ctx"]["error"] if first["type"] == "value_error" else first["msg"]
        raise WrongParameterError(str(first["loc"][0]), str(reason)) from None


def _meant(name: str, known: list[str]) -> str:
    if near := get_close_matches(name, known, n=1):
        return f"did you mean {near[0]}?"
    return f"there are: {', '.join(known)}" if known else "there is none"
