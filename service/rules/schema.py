"""The whole of `relay.yaml` as types, with the defaults of the contract. Pure.

What needs to look across sections (unknown handlers, names used twice) is in `references`; options of a
handler kind are kept raw, because kinds are known only to the handlers' registry.
"""

from datetime import UTC, timedelta
from difflib import get_close_matches
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, SecretStr, model_validator

from service.changes.types import Kind
from service.clock import parse_duration
from service.rules.section import Id, Name, NotEmpty, Period, Section, Share, Url, Zone
from service.rules.when import Changed, When

_DELAYS = ("5s", "30s", "2m", "10m", "1h", "3h", "8h", "24h")

Secret = Annotated[SecretStr, Field(min_length=1)]


class Budget(Section):
    """How many API calls the account may make in the provider's moving window."""

    calls: int = Field(default=500, ge=1)
    """Fusioo's general limit is 500 an hour (API overview, "Rate Limiting")."""
    window: Period = timedelta(hours=1)
    reserve: Share = 0.1
    """The share that only people and registrations may use."""


class OAuth(Section):
    """An OAuth 2 application; only the grant that needs no person at run time."""

    client_id: str = Field(min_length=1)
    client_secret: Secret
    token_url: Url = "https://connect.fusioo.com/oauth/token"  # noqa: S105  an address, no secret
    """Not published: the default is a guess from the authorize address, hence a setting."""
    grant: Literal["client_credentials"] = "client_credentials"


class Account(Section):
    """One set of credentials at one provider."""

    provider: Literal["fusioo", "onspring"]
    token: Secret | None = None
    oauth: OAuth | None = None
    base_url: Url = "https://api.fusioo.com/v3"
    budget: Budget = Budget()
    secret_header: str = Field(default="X-Fusioo-Secret", pattern=r"^[A-Za-z0-9-]+$")
    admin: bool = False
    """May it read deleted records?"""
    timezone: Zone = UTC
    reconcile: Period = timedelta(minutes=15)

    @model_validator(mode="after")
    def _can_log_in(self) -> Self:
        if (self.token is None) == (self.oauth is None):
            message = "needs either `token` or `oauth`"
            raise ValueError(message)
        if self.provider == "onspring" and "base_url" not in self.model_fields_set:
            message = "needs `base_url`: every Onspring environment has its own address"
            raise ValueError(message)
        return self


class Order(StrEnum):
    """Whether the runs of one record wait for each other."""

    RECORD = "record"
    NONE = "none"


class Handler(Section):
    """A named instance of a handler kind; the one key that is no setting names the kind."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Any] = Field(init=False, repr=False)

    retry: tuple[Period, ...] = tuple(parse_duration(delay) for delay in _DELAYS)
    """The pauses between attempts: n delays are n + 1 attempts."""
    timeout: Period = timedelta(seconds=30)
    concurrency: int = Field(default=4, ge=1)
    order: Order = Order.RECORD

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


class Rule(Section):
    """Which changes of an app run which handlers."""

    name: Name
    account: str
    app: Id
    """The app's id, or its exact name."""
    on: Annotated[frozenset[Kind], NotEmpty] = frozenset(Kind)
    when: When | None = None
    changed: Changed | None = None
    expand: tuple[Id, ...] = ()
    run: Annotated[tuple[str, ...], NotEmpty]
    unchanged: bool = False
    """Whether it runs also when nothing differs."""


class Retention(Section):
    """How long finished things are kept."""

    deliveries: Period = timedelta(days=7)
    changes: Period = timedelta(days=30)


class RelayFile(Section):
    """A whole `relay.yaml`."""

    version: Literal[1]
    accounts: Annotated[dict[Name, Account], NotEmpty]
    handlers: dict[Name, Handler] = Field(default={})
    rules: tuple[Rule, ...] = ()
    alarms: tuple[str, ...] = ()
    retention: Retention = Retention()

    @model_validator(mode="before")
    @classmethod
    def _drop_empty(cls, sections: Any) -> Any:
        """A section whose lines are all commented out (`rules:`) counts as not written."""
        if not isinstance(sections, dict):
            return sections
        return {key: section for key, section in sections.items() if section is not None}
