"""What `relay.yaml` says of an account: where it is, how to log in, how much may be asked. Pure."""

import re
from collections.abc import Mapping
from datetime import UTC, timedelta
from types import MappingProxyType
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, model_validator

from service.rules.section import Period, Section, Share, Url, Zone, written_as

_LATER_GRANTS = frozenset({"authorization_code", "implicit", "password"})

_KEY = r"[^.\[\]]+(\[\])?"
ID_PATH = rf"^(\[\]|(\[\]\.)?{_KEY}(\.{_KEY})*)$"
"""A path to an id in a webhook's body: `payload.records[].id`, `[]`."""


def _check_id_path(path: str) -> str:
    if re.fullmatch(ID_PATH, path) is None:
        message = f"{path!r} is no path to an id: write names split by dots, like payload.records[].id"
        raise ValueError(message)
    return path


IdPathText = Annotated[
    str, AfterValidator(_check_id_path), written_as("path", type="string", pattern=ID_PATH)
]

Secret = Annotated[SecretStr, Field(min_length=1)]


class Budget(Section):
    """How many API calls the account may make in the provider's moving window."""

    calls: int = Field(
        default=500,
        ge=1,
        description=(
            "The most calls in one window. Fusioo's general limit is 500 an hour (API overview, "
            '"Rate Limiting"). Onspring publishes none: without `budget`, an account there has 10000.'
        ),
        examples=[500],
    )
    window: Period = Field(
        timedelta(hours=1), description="How long a call counts. The window moves.", examples=["1h"]
    )
    reserve: Share = Field(
        0.1, description="The share that only people and registrations may use.", examples=["10%"]
    )


class Stamps(Section):
    """Which fields of Onspring's apps say when and by whom a record was made, and modified last.

    Each by the name that it has in every app, or by its id. The page shows these names in its samples; an
    instance may have given others.
    """

    created: str = Field("Created Date", description="When a record was made.", examples=["Created Date"])
    created_by: str = Field("Created By", description="Who made it.", examples=["Created By"])
    last_modified: str = Field(
        "Last Modified Date", description="When it was modified last.", examples=["Last Saved Date"]
    )
    last_modified_by: str = Field(
        "Last Modified By", description="Who modified it last.", examples=["Last Saved By"]
    )


_AT_ONSPRING: Mapping[str, Any] = MappingProxyType(
    {"budget": {"calls": 10_000}, "secret_header": "X-Relay-Secret"}
)
"""What holds without a word in the file: Onspring publishes no limit, and sends any header."""


def _check_grant(value: object) -> object:
    if isinstance(value, str) and value in _LATER_GRANTS:
        message = f"{value} comes in a later version; use client_credentials, or refresh_token, or a `token`"
        raise ValueError(message)
    return value


class OAuth(Section):
    """An OAuth 2 application, instead of a token. Tokens are kept encrypted in the relay's database.

    They are fetched when they are needed, and replaced before they expire, by one process for all. A refusal
    (`invalid_grant` and the like) halts the account with an alarm, until there is something new to show:
    other settings here, or something mended at the provider. Calls for tokens do not count in the budget;
    whether the provider counts them is not published.
    """

    client_id: str = Field(
        min_length=1, description="The application's id.", examples=["${FUSIOO_CLIENT_ID}"]
    )
    client_secret: Secret = Field(
        description="The application's secret.", examples=["${FUSIOO_CLIENT_SECRET}"]
    )
    token_url: Url = Field(
        "https://connect.fusioo.com/oauth/token",
        description=(
            "Where tokens are fetched. Not published: the default is a guess from the authorize address."
        ),
        examples=["https://connect.fusioo.com/oauth/token"],
    )
    grant: Annotated[Literal["client_credentials", "refresh_token"], BeforeValidator(_check_grant)] = Field(
        "client_credentials",
        description=(
            "How tokens are got: by the application itself, or by a refresh token that a person got by "
            "authorising it."
        ),
        examples=["refresh_token"],
    )
    refresh_token: Secret | None = Field(
        None,
        description=(
            "The first refresh token, for the grant `refresh_token`. Those that replace it are kept in the "
            "database; a new one here takes their place."
        ),
        examples=["${FUSIOO_REFRESH_TOKEN}"],
    )
    credentials_in: Literal["body", "header"] = Field(
        "body",
        description="Where client_id and client_secret are sent. Not published: `header` is the other way.",
        examples=["header"],
    )

    @model_validator(mode="after")
    def _has_what_the_grant_shows(self) -> Self:
        if self.grant == "refresh_token" and self.refresh_token is None:
            message = "needs `refresh_token`, the first one, for the grant refresh_token"
            raise ValueError(message)
        if self.grant != "refresh_token" and self.refresh_token is not None:
            message = "has a `refresh_token`, which only the grant refresh_token uses"
            raise ValueError(message)
        return self


class Account(Section):
    """One set of credentials at one provider."""

    provider: Literal["fusioo", "onspring"] = Field(
        description="Whose API it is.",
        examples=["fusioo"],
    )
    token: Secret | None = Field(
        None,
        description="The token of a private application, or Onspring's API key; or there is `oauth`.",
        examples=["${FUSIOO_TOKEN}"],
    )
    oauth: OAuth | None = Field(
        None,
        description="An application that gets its tokens itself; instead of `token`, and only at Fusioo.",
        examples=[{"client_id": "${FUSIOO_CLIENT_ID}", "client_secret": "${FUSIOO_CLIENT_SECRET}"}],
    )
    base_url: Url = Field(
        "https://api.fusioo.com/v3",
        description="Where the API is. Onspring has no default: every environment has its own address.",
        examples=["https://api.fusioo.com/v3"],
    )
    budget: Budget = Field(
        Budget(),
        description="How many API calls the account may make.",
        examples=[{"calls": 500, "window": "1h", "reserve": "10%"}],
    )
    secret_header: str = Field(
        default="X-Fusioo-Secret",
        pattern=r"^[A-Za-z0-9-]+$",
        description=(
            "The header in which the provider sends a webhook's secret. Not written: X-Fusioo-Secret, at "
            "Onspring X-Relay-Secret; from Onspring it may also come as Basic or bearer authorization."
        ),
        examples=["X-Fusioo-Secret"],
    )
    id_path: IdPathText | None = Field(
        None,
        description=(
            "Where a webhook's body keeps the record's id, if in no usual place (`id`, `record_id`, "
            "`recordId`, `data.id`, `record.id`): names split by dots; `[]` behind one that holds a list; "
            "`[]` alone where the body is an id, or an array of them. `relay capture` finds it out."
        ),
        examples=["payload.records[].id"],
    )
    stamps: Stamps = Field(
        Stamps(),
        description="Which fields of Onspring's apps say when and by whom a record was modified; only there.",
        examples=[{"last_modified": "Last Saved Date", "last_modified_by": "Last Saved By"}],
    )
    admin: bool = Field(
        default=False,
        description=(
            "May the token read deleted records? Deletions that no webhook told of are found sooner then."
        ),
        examples=[True],
    )
    timezone: Zone = Field(
        UTC,
        description="Whose calendar `is_today` and the like mean, and dates compared with moments.",
        examples=["Europe/Berlin"],
    )
    link_age: Period = Field(
        timedelta(seconds=60),
        description=(
            "How much older than the change a linked record may be that handlers get (`expand`): what was "
            "seen within this time is not asked for again."
        ),
        examples=["60s"],
    )
    reconcile: Period = Field(
        timedelta(minutes=15),
        description=(
            "How often to look for changes that no webhook told of. Where that would take more than half of "
            "reconciling's share of the budget, it is done less often."
        ),
        examples=["15m"],
    )
    full_sweep: Period = Field(
        timedelta(hours=24),
        description=(
            "How often all records of an app are read: for deletions that no webhook told of, and for "
            "changes that move no stamp."
        ),
        examples=["24h"],
    )
    modified_filter: bool = Field(
        default=False,
        description=(
            "May the API be asked to filter records by `last_modified`? Not published. False: the list that "
            "is sorted by it is read until nothing new comes."
        ),
        examples=[True],
    )
    heal: bool = Field(
        default=True,
        description=(
            "Mend webhooks that were deleted, doubled or altered at the provider, and replace those that are "
            "silent. False: only tell of it."
        ),
        examples=[False],
    )
    quiet_after: Period = Field(
        timedelta(hours=72),
        description=(
            "Warn of a webhook that told of nothing for so long, although deliveries came several times in "
            "the week before."
        ),
        examples=["72h"],
    )

    @model_validator(mode="before")
    @classmethod
    def _as_at_its_provider(cls, given: Any) -> Any:
        at_onspring = isinstance(given, Mapping) and given.get("provider") == "onspring"
        return {**_AT_ONSPRING, **given} if at_onspring else given

    @model_validator(mode="after")
    def _can_log_in(self) -> Self:
        if (self.token is None) == (self.oauth is None):
            message = "needs either `token` or `oauth`"
            raise ValueError(message)
        if self.provider == "onspring" and self.oauth is not None:
            message = "needs a `token`: Onspring knows no `oauth`"
            raise ValueError(message)
        if self.provider == "fusioo" and "stamps" in self.model_fields_set:
            message = "has `stamps`, which only Onspring's apps need"
            raise ValueError(message)
        if self.provider == "onspring" and "base_url" not in self.model_fields_set:
            message = "needs `base_url`: every Onspring environment has its own address"
            raise ValueError(message)
        return self
