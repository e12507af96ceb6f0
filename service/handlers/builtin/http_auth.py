"""How handler kind `http` says who it is: HTTP Basic (RFC 7617) or a bearer token (RFC 6750)."""

import base64
import re
from collections.abc import Iterator
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

_TOKEN = re.compile(r"[\x21-\x7e]+")


class BasicAuth(BaseModel):
    """A user name and a password."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    user: str = Field(description="The user name; it holds no colon.", examples=["relay"])
    password: SecretStr = Field(description="The password.", examples=["${OPS_PASSWORD}"])

    @field_validator("user")
    @classmethod
    def _is_user(cls, user: str) -> str:
        if ":" in user or not user.isprintable():
            raise ValueError("should hold no colon and no control characters")
        return user

    def encoded(self) -> str:
        """Give what follows `Basic `."""
        return base64.b64encode(f"{self.user}:{self.password.get_secret_value()}".encode()).decode()


class HttpAuth(BaseModel):
    """`auth: {basic: {user: relay, password: "${OPS_PASSWORD}"}}` or `auth: {bearer: "${OPS_TOKEN}"}`."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    basic: BasicAuth | None = Field(
        None,
        description="A user name and a password.",
        examples=[{"user": "relay", "password": "${OPS_PASSWORD}"}],
    )
    bearer: SecretStr | None = Field(
        None, description="A token, sent as `Authorization: Bearer …`.", examples=["${OPS_TOKEN}"]
    )

    @field_validator("bearer")
    @classmethod
    def _is_token(cls, bearer: SecretStr | None) -> SecretStr | None:
        if bearer is not None and not _TOKEN.fullmatch(bearer.get_secret_value()):
            raise ValueError("should be a token of printable ASCII without spaces")
        return bearer

    @model_validator(mode="after")
    def _is_one_of_two(self) -> Self:
        if (self.basic is None) == (self.bearer is None):
            raise ValueError("should hold either `basic` or `bearer`")
        return self

    def header(self) -> str:
        """Give the value of `Authorization`."""
        if self.basic is not None:
            return f"Basic {self.basic.encoded()}"
        return f"Bearer {'' if self.bearer is None else self.bearer.get_secret_value()}"

    def secrets(self) -> Iterator[str]:
        """Give every text that must not be kept of an answer that repeats our request."""
        yield self.header()
        yield self.header().partition(" ")[2]
        if self.basic is not None:
            yield self.basic.password.get_secret_value()
