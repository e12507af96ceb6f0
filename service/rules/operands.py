"""What conditions compare with: the kinds of values that a rule may write. Pure."""

import math
from typing import Annotated, Any

from pydantic import AfterValidator

from service.rules.section import written_as
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
