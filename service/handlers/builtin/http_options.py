"""The options of handler kind `http`. Nothing secret stands in a repr or in an error."""

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

STANDARD_PREFIX = "whsec_"
"""What follows it is base64 (Standard Webhooks, "Signature scheme"); other secrets are used as text."""

_RESERVED = frozenset({"host", "content-length", "content-type", "transfer-encoding", "connection"})
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 §5.6.2, token
_HEADER_VALUE = re.compile(r"[\x20-\x7e]*")
_LONGEST_URL = 8000


class HttpOptions(BaseModel):
    """`http: {url: https://…, secret: "${SECRET}", allow_private: false, method: POST, headers: {…}}`."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    url: str = Field(
        repr=False,
        max_length=_LONGEST_URL,
        description="Where it is sent. Redirects are not followed.",
        examples=["https://ops.example.com/hook"],
    )
    secret: SecretStr | None = Field(
        None,
        description=(
            "Signs each request (Standard Webhooks): `whsec_` and base64, or any text. Without it there is "
            "no `webhook-signature`."
        ),
        examples=["${OPS_SECRET}"],
    )
    allow_private: bool = Field(
        default=False,
        description="Whether the address may be a private one, of this machine or its network.",
        examples=[True],
    )
    method: Literal["POST", "PUT", "PATCH"] = Field(
        "POST", description="The method of the request.", examples=["PUT"]
    )
    headers: dict[str, SecretStr] = Field(
        {},
        description="Sent with every request; for example an Authorization that the receiver wants.",
        examples=[{"Authorization": "Bearer ${OPS_TOKEN}"}],
    )

    @field_validator("url")
    @classmethod
    def _is_web_address(cls, url: str) -> str:
        try:
            parts = urlsplit(url)
            host, _ = parts.hostname, parts.port  # reading the port checks it
        except ValueError:
            raise ValueError("should be a URL, like https://host/path") from None
        if parts.scheme not in {"http", "https"} or not host:
            raise ValueError("should begin with https:// or http:// and name a host")
        if parts.username is not None or parts.password is not None:
            raise ValueError("should hold no user name or password; use `headers: {Authorization: …}`")
        if re.search(r"[\x00-\x20\x7f]", url):
            raise ValueError("should hold no spaces or control characters; write them as %20 and the like")
        return url

    @field_validator("secret")
    @classmethod
    def _is_usable_secret(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is None:
            return None
        text = secret.get_secret_value()
        if text.startswith(STANDARD_PREFIX):
            try:
                key = base64.b64decode(_padded(text.removeprefix(STANDARD_PREFIX)), validate=True)
            except (binascii.Error, ValueError):
                raise ValueError("should go on with base64 after whsec_") from None
        else:
            key = text.encode()
        if not key:
            raise ValueError("should not be empty; leave the key out to send without a signature")
        return secret

    @field_validator("headers")
    @classmethod
    def _are_headers(cls, headers: dict[str, SecretStr]) -> dict[str, SecretStr]:
        for name, value in headers.items():
            if not _HEADER_NAME.fullmatch(name):
                raise ValueError(f"should hold header names only, and {name!r} is none")
            if name.lower() in _RESERVED or name.lower().startswith("webhook-"):
                raise ValueError(f"should not hold {name}, which the relay sets itself")
            if not _HEADER_VALUE.fullmatch(value.get_secret_value()):
                raise ValueError(f"should hold printable ASCII only, and {name} does not")
        return headers

    def secrets(self) -> Iterator[str]:
        """Give every text that must not be kept of an answer that repeats our request."""
        if self.secret is not None:
            text = self.secret.get_secret_value()
            yield text
            yield text.removeprefix(STANDARD_PREFIX)
        for value in self.headers.values():
            yield value.get_secret_value()
            yield from value.get_secret_value().split()
        yield urlsplit(self.url).query


def signing_key(secret: SecretStr) -> bytes:
    """Give the bytes to sign with."""
    text = secret.get_secret_value()
    if text.startswith(STANDARD_PREFIX):
        return base64.b64decode(_padded(text.removeprefix(STANDARD_PREFIX)), validate=True)
    return text.encode()


def _padded(encoded: str) -> str:
    """Add the padding that some generators of secrets leave out."""
    return encoded + "=" * (-len(encoded) % 4)
