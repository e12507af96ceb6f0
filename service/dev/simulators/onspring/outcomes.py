"""REST API outcomes: what an administrator lets a trigger send, and what was sent."""

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass as validated

from service.dev.simulators.onspring.records import Happening

_STRICT = ConfigDict(extra="forbid")
_PLACEHOLDER = re.compile(r"\{:([^{}]+)\}")

PRODUCTION_BODY = '[{"RecordId":"{:RecordId}","AppId":"{:AppId}"}]'
"""The one body that was seen: an array, ids as texts."""


@validated(config=_STRICT)
class BasicAuth:
    """HTTP Basic."""

    user: str
    password: str
    type: Literal["basic"] = "basic"


@validated(config=_STRICT)
class KeyAuth:
    """An API key in a header; with `Authorization` and `Bearer …` it is a token."""

    header: str
    key: str
    type: Literal["api_key"] = "api_key"


@validated(config=_STRICT)
class OAuthAuth:
    """OAuth 2 client credentials: a token is fetched for every request (that it is kept is not known)."""

    token_url: str
    client_id: str
    client_secret: str
    type: Literal["oauth2"] = "oauth2"


@validated(config=_STRICT)
class Outcome:
    """One REST API outcome with its trigger."""

    id: int
    app_id: int
    url: str
    on: set[Happening] = Field(default_factory=lambda: set(Happening))
    filter: str = ""
    """Which records set it off, as for Query; empty: all."""
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "POST"
    body: str = PRODUCTION_BODY
    """`{:Name}` is replaced by the field's formatted value as it is, whatever that does to the JSON;
    `{:RecordId}` and `{:AppId}` by the ids."""
    headers: dict[str, str] = Field(default_factory=dict)
    auth: Annotated[BasicAuth | KeyAuth | OAuthAuth, Field(discriminator="type")] | None = None
    retries: Annotated[int, Field(ge=0)] = 0
    retry_seconds: Annotated[float, Field(ge=0)] = 1.0
    timeout: Annotated[float, Field(gt=0)] = 30.0
    answers: dict[str, int] = Field(default_factory=dict)
    """Which keys of the answer, a flat JSON object, are put into which fields."""

    def filled_body(self, value_of: Callable[[str], str]) -> str:
        """Put values into the body, as texts."""
        return _PLACEHOLDER.sub(lambda found: value_of(found[1]), self.body)


@dataclass
class Delivery:
    """One request of an outcome, and what became of it."""

    at: datetime
    outcome_id: int
    url: str
    app_id: int
    record_id: int
    happening: Happening
    body: str
    status: int | None = None
    """The receiver's answer."""
    outcome: str = "waiting"
    """`waiting`, `dropped`, `answered`, or the name of the error; of the last try."""
    tries: int = 0
    mapped: dict[int, Any] = field(default_factory=dict)
    """What was put back into the record, by field id."""
    refused: str = ""
    """Why the answer, or a part of it, could not be put back."""

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "at": self.at.isoformat()}
