"""What `relay.yaml` says of a handler, whatever its kind. Pure.

Its options are kept raw, because kinds are known only to the handlers' registry.
"""

from datetime import timedelta
from difflib import get_close_matches
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, model_validator

from service.clock import parse_duration
from service.rules.discipline import OFF_IS_FALSE, Breaker, HandlerRate, Loop, write_off_as_false
from service.rules.section import Period, Section

_DELAYS = ("5s", "30s", "2m", "10m", "1h", "3h", "8h", "24h")


class Order(StrEnum):
    """Whether the runs of one record wait for each other."""

    RECORD = "record"
    NONE = "none"


class Handler(Section):
    """A named instance of a handler kind; the one key that is no setting names the kind."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Any] = Field(init=False, repr=False)

    retry: tuple[Period, ...] = Field(
        tuple(parse_duration(delay) for delay in _DELAYS),
        description=(
            "The pauses between attempts: n pauses are n + 1 attempts, then the run is dead. Each is moved "
            "by up to a tenth either way. `[]`: one attempt."
        ),
        examples=[["5s", "30s", "2m"]],
    )
    timeout: Period = Field(
        timedelta(seconds=30),
        description="The longest that one attempt may take; then it is cancelled, and has failed.",
        examples=["10s"],
    )
    concurrency: int = Field(
        default=4,
        ge=1,
        description="How many runs of this handler may be under way at once, over all processes together.",
        examples=[2],
    )
    order: Order = Field(
        Order.RECORD,
        description=(
            "`record`: the runs of one record go one after the other, in the order of its changes. `none`: "
            "they do not wait for each other."
        ),
        examples=["none"],
    )
    rate: HandlerRate | None = Field(
        None,
        description=(
            "How many runs may begin in a second, a minute or an hour, at an even pace, over all processes "
            "together. What is missed by less than a tenth of a second is caught up."
        ),
        examples=["10/s", "500/h"],
    )
    breaker: Annotated[Breaker | None, OFF_IS_FALSE] = Field(
        Breaker(),
        description="When a handler that fails is left alone for a while. `false`: never.",
        examples=[{"failures": 3, "pause": "1m"}, False],
        json_schema_extra=write_off_as_false,
    )
    loop: Annotated[Loop | None, OFF_IS_FALSE] = Field(
        Loop(),
        description="When the runs of one record are taken for a loop, and held. `false`: never.",
        examples=[{"runs": 50, "within": "10m"}, False],
        json_schema_extra=write_off_as_false,
    )

    @model_validator(mode="after")
    def _has_one_kind(self) -> Self:
        kinds = list(self.__pydantic_extra__)
        if not kinds:
            message = "has no kind; name one, like http: {url: …}"
            raise ValueError(message)
        if len(kinds) > 1:
            settings = list(type(self).model_fields)
            meant = [(kind, close) for kind in kinds for close in get_close_matches(kind, settings, n=1)]
            message = f"has {len(kinds)} kinds, {', '.join(kinds)}, and takes one" + "".join(
                f"; instead of `{kind}` did you mean `{close}`?" for kind, close in meant
            )
            raise ValueError(message)
        return self

    @property
    def kind(self) -> str:
        """The handler kind: `http`, `python`, `log`, …"""
        return next(iter(self.__pydantic_extra__))

    @property
    def options(self) -> Any:
        """What stands under the kind, as written: a mapping, a text, or None."""
        return self.__pydantic_extra__[self.kind]

    def __repr_args__(self) -> list[tuple[str | None, Any]]:
        """Options may hold secrets: they are not shown."""
        return [("kind", self.kind), *((name, getattr(self, name)) for name in type(self).model_fields)]
