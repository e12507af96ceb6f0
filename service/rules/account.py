"""What `relay.yaml` says of an account: where it is, how to log in, how much may be asked. Pure."""

from datetime import UTC, timedelta
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, model_validator

from service.rules.section import Period, Section, Share, Url, Zone

Secret = Annotated[SecretStr, Field(min_length=1)]


class Budget(Section):
    """How many API calls the account may make in the provider's moving window."""

    calls: int = Field(
        default=500,
        ge=1,
        description=(
            "The most calls in one window. Fusioo's general limit is 500 an hour (API overview, "
            '"Rate Limiting").'
        ),
        examples=[500],
    )
    window: Period = Field(
        timedelta(hours=1), description="How long a call counts. The window moves.", examples=["1h"]
    )
    reserve: Share = Field(
        0.1, description="The share that only people and registrations may use.", examples=["10%"]
    )


class OAuth(Section):
    """An OAuth 2 application; only the grant that needs no person at run time. Used by a later version."""

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
    grant: Literal["client_credentials"] = Field(
        "client_credentials", description="The kind of grant.", examples=["client_credentials"]
    )


class Account(Section):
    """One set of credentials at one provider."""

    provider: Literal["fusioo", "onspring"] = Field(
        description="Whose API it is. `onspring` comes in a later version: a worker refuses it.",
        examples=["fusioo"],
    )
    token: Secret | None = Field(
        None,
        description="The token of a private application; this, or `oauth`, must be there.",
        examples=["${FUSIOO_TOKEN}"],
    )
    oauth: OAuth | None = Field(
        None,
        description="Instead of a token; comes in a later version: a worker refuses it.",
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
        description="The header in which the provider sends a webhook's secret.",
        examples=["X-Fusioo-Secret"],
    )
    admin: bool = Field(
        default=False,
        description="May the token read deleted records? Used by a later version.",
        examples=[True],
    )
    timezone: Zone = Field(
        UTC,
        description="Whose calendar `is_today` and the like mean, and dates compared with moments.",
        examples=["Europe/Berlin"],
    )
    reconcile: Period = Field(
        timedelta(minutes=15),
        description="How often to look for changes that no webhook told of. Used by a later version.",
        examples=["15m"],
    )

    @model_validator(mode="after")
    def _can_log_in(self) -> Self:
        if (self.token is None) == (self.oauth is None):
            message = "needs either `token` or `oauth`"
            raise ValueError(message)
        if self.provider == "onspring" and "base_url" not in self.model_fields_set:
            message = "needs `base_url`: every Onspring environment has its own address"
            raise ValueError(message)
        return self
