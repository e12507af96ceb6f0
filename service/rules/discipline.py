"""How fast a handler's runs may begin, and when they are held back. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainSerializer

from service.rules.section import Period, Section, written_as

_Period = Literal["s", "m", "h"]
_PERIODS: Mapping[_Period, timedelta] = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
}
_RATE = re.compile(r"(\d{1,6}) *(?:/|per) *([smh])")


@dataclass(frozen=True, slots=True)
class Rate:
    """So many in each second, minute or hour."""

    count: int
    period: _Period

    @property
    def every(self) -> timedelta:
        """How long from one to the next, at an even pace."""
        return _PERIODS[self.period] / self.count

    def __str__(self) -> str:
        return f"{self.count}/{self.period}"


def _parse_rate(value: object) -> object:
    if isinstance(value, Rate):
        return value
    found = _RATE.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None or int(found[1]) == 0:
        message = f"{value!r} is not a rate; write how many in which time, like 10/s, 30/m or 500/h"
        raise ValueError(message)
    return Rate(int(found[1]), next(period for period in _PERIODS if period == found[2]))


def _parse_switch(value: object) -> object:
    """`false` is how people say that there is none; `true` is the default, whatever that is."""
    if value is False:
        return None
    if value is True:
        return {}
    return value


HandlerRate = Annotated[
    Rate,
    BeforeValidator(_parse_rate),
    PlainSerializer(str),
    written_as("rate", type="string", pattern=r"^\d+ *(/|per) *[smh]$"),
]
"""`10/s`, `30/m`, `500/h`."""


class Breaker(Section):
    """When a handler that fails is left alone for a while, so that its runs spend no attempts.

    Counted are attempts that failed, took too long, or whose process was lost; not those that were deferred
    or discarded, nor those whose run is dead at once (a 410, say: that is about the run).
    """

    failures: int = Field(
        default=10,
        ge=1,
        description="So many failed attempts one after the other, of whatever runs, open it.",
        examples=[10],
    )
    pause: Period = Field(
        timedelta(seconds=30),
        description=(
            "After so long one run is tried. If it fails too, the pause is doubled, up to 10 minutes; the "
            "first success lets all of them go on."
        ),
        examples=["30s"],
    )


class Loop(Section):
    """When the runs of one record are taken for a loop: a handler that causes the change it runs for."""

    runs: int = Field(
        default=10,
        ge=1,
        description="So many runs of one record and this handler may be made …",
        examples=[10],
    )
    within: Period = Field(
        timedelta(minutes=10),
        description="… in such a time. The next one is held, with an alarm, until `relay resume HANDLER`.",
        examples=["10m"],
    )


OFF_IS_FALSE = BeforeValidator(_parse_switch)
"""Lets `false` stand for none, and `true` for the defaults."""


def write_off_as_false(schema: dict[str, Any]) -> None:
    """Let a JSON schema say so too (`json_schema_extra`)."""
    schema["anyOf"] = [
        {"type": "boolean", "enum": [False], "x-type": "false"} if choice == {"type": "null"} else choice
        for choice in schema["anyOf"]
    ]
