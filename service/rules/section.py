"""What the parts of `relay.yaml` have in common: a strict base and a few field types. Pure."""

import re
from collections.abc import Sized
from datetime import UTC, timedelta, tzinfo
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    PlainSerializer,
    WithJsonSchema,
)
from pydantic_core import CoreSchema

from service.clock import Duration

_Values = TypeVar("_Values", bound=Sized)
_NAME = re.compile(r"[a-z][a-z0-9_-]*")
_SHARE = re.compile(r"(\d{1,3}(?:\.\d+)?)\s*%")


class Section(BaseModel):
    """A mapping of `relay.yaml`: unknown keys are errors, values do not change, errors show no input."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, arbitrary_types_allowed=True
    )


def _check_name(text: str) -> str:
    if not _NAME.fullmatch(text):
        message = f"{text!r} is not a name; use a-z, 0-9, _ and -, a letter first"
        raise ValueError(message)
    return text


def _text_of_id(value: object) -> object:
    """A whole number is an id too (Onspring's apps and fields); compared as the text that JSON keys are."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _parse_share(value: object) -> float:
    found = _SHARE.fullmatch(value.strip()) if isinstance(value, str) else None
    if not found or float(found[1]) >= 100:  # noqa: PLR2004  per cent
        message = f"{value!r} is not a share; write per cents below 100, like 10%"
        raise ValueError(message)
    return float(found[1]) / 100


def _parse_zone(value: object) -> tzinfo:
    if isinstance(value, tzinfo):
        return value
    if value == "UTC":
        return UTC  # known also where the machine has no zone files
    try:
        return ZoneInfo(str(value))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        message = f"{value!r} is not a time zone; write UTC or a name like Europe/Berlin"
        raise ValueError(message) from None


def _check_url(text: str) -> str:
    if not re.fullmatch(r"https?://[^\s/?#]+[^\s?#]*", text):
        message = "should be an address that starts with https:// or http://"
        raise ValueError(message)
    return text.rstrip("/")


def _check_not_empty(values: _Values) -> _Values:
    if not values:
        message = "should not be empty"
        raise ValueError(message)
    return values


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _check_positive(duration: timedelta) -> timedelta:
    if duration <= timedelta(0):
        message = "should be longer than 0s"
        raise ValueError(message)
    return duration


def _write_share(share: float) -> str:
    return f"{share * 100:g}%"


def written_as(words: str, **keywords: object) -> WithJsonSchema:
    """What a JSON schema says of a type that validators make: in `x-type`, how people call it."""
    return WithJsonSchema({**keywords, "x-type": words})


class _NotEmpty(AfterValidator):
    """The check, and what a JSON schema says of it."""

    def __get_pydantic_json_schema__(self, schema: CoreSchema, write: GetJsonSchemaHandler) -> dict[str, Any]:
        written = write(schema)
        written["minProperties" if written.get("type") == "object" else "minItems"] = 1
        return written


class _OneOrMore(BeforeValidator):
    """The conversion, and what a JSON schema says of it."""

    def __get_pydantic_json_schema__(self, schema: CoreSchema, write: GetJsonSchemaHandler) -> dict[str, Any]:
        return {**write(schema), "x-alone": "items"}


OneOrMore = _OneOrMore(_as_list)
"""A text alone is a list of one. (`x-alone` says where the schema of what may stand alone is.)"""
NotEmpty = _NotEmpty(_check_not_empty)
"""At least one element. (pydantic's min_length also complains of a list whose only element is wrong.)"""
Name = Annotated[
    str, AfterValidator(_check_name), written_as("name", type="string", pattern=f"^{_NAME.pattern}$")
]
"""`[a-z][a-z0-9_-]*`."""
Id = Annotated[
    str,
    BeforeValidator(_text_of_id),
    Field(min_length=1),
    written_as("id", type=["string", "integer"], minLength=1),
]
"""A provider's id or name; whole numbers are taken as texts."""
Share = Annotated[
    float,
    BeforeValidator(_parse_share),
    PlainSerializer(_write_share),
    written_as("share", type="string", pattern=f"^{_SHARE.pattern}$"),
]
"""`10%` as 0.1; at least 0, below 1."""
Zone = Annotated[
    tzinfo, BeforeValidator(_parse_zone), PlainSerializer(str), written_as("time zone", type="string")
]
Url = Annotated[
    str, AfterValidator(_check_url), written_as("address", type="string", pattern="^https?://[^?#]+$")
]
"""An http(s) address without a slash at its end."""
Period = Annotated[
    Duration,
    AfterValidator(_check_positive),
    written_as("duration", type="string", pattern=r"^( *\d+(\.\d+)? *(ms|s|m|h|d))+ *$"),
]
"""A duration above zero."""
