"""The options of handler kind `http`. Nothing secret stands in a repr or in an error."""

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from service.handlers.builtin.http_auth import HttpAuth

STANDARD_PREFIX = "whsec_"
"""What follows it is base64 (Standard Webhooks, "Signature scheme"); other secrets are used as text."""

LONGEST_URL = 8000
HEADER_VALUE = re.compile(r"[\x20-\x7e]*")
TAG = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
"""What of a text is a template's expression, statement or remark."""

_RESERVED = frozenset({"host", "content-length", "transfer-encoding", "connection"})
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 §5.6.2, token


class HttpOptions(BaseModel):
    """`http: {url: https://…, secret: "${SECRET}", method: POST, headers: {…}, body: {…}}`."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    url: str = Field(
        repr=False,
        max_length=LONGEST_URL,
        description=(
            "Where it is sent. Redirects are not followed. Path and query may hold templates; what they give "
            "is percent-encoded."
        ),
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
    method: Literal["POST", "PUT", "PATCH", "GET", "DELETE"] = Field(
        "POST",
        description="The method of the request. `GET` takes no body, `DELETE` only one that is written here.",
        examples=["PUT"],
    )
    headers: dict[str, SecretStr] = Field(
        {},
        description="Sent with every request. Values may be templates.",
        examples=[{"X-Team": "ops"}],
    )
    auth: HttpAuth | None = Field(
        None,
        description="How the request says who we are: `basic` or `bearer`.",
        examples=[{"bearer": "${OPS_TOKEN}"}],
    )
    body: Any = Field(
        None,
        repr=False,
        description=(
            "What is sent instead of the change as the relay writes it: a mapping or a list, whose texts are "
            "templates, goes as JSON; one text is a template of the whole body."
        ),
        examples=[{"text": "{{ record.title }} is {{ record.status }}"}],
        json_schema_extra={"x-type": "text, mapping or list"},
    )
    content_type: str | None = Field(
        None,
        description=(
            "The `Content-Type` of the body. Without it a body that is one text goes as "
            "`text/plain; charset=utf-8`, everything else as `application/json`."
        ),
        examples=["application/xml"],
    )

    @field_validator("url")
    @classmethod
    def _is_web_address(cls, url: str) -> str:
        fixed = TAG.sub("x", url)
        try:
            parts = urlsplit(fixed)
            host, _ = parts.hostname, parts.port  # reading the port checks it
        except ValueError:
            raise ValueError("should be a URL, like https://host/path") from None
        if parts.scheme not in {"http", "https"} or not host:
            raise ValueError("should begin with https:// or http:// and name a host")
        if not url.startswith(f"{parts.scheme}://{parts.netloc}"):
            raise ValueError("should name its host without templates; path and query may hold them")
        if parts.username is not None or parts.password is not None:
            raise ValueError("should hold no user name or password; use `auth: {basic: {user, password}}`")
        if "{%" in url:
            raise ValueError("should hold no statements, {% %}; expressions can choose: {{ a if b else c }}")
        if re.search(r"[\x00-\x20\x7f]", fixed):
            raise ValueError("should hold no spaces or control characters; write them as %20 and the like")
        return url

    @field_validator("secret")
    @classmethod
    def _is_usable_secret(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is None:
            return None
        try:
            key = signing_key(secret)
        except (binascii.Error, ValueError):
            raise ValueError("should go on with base64 after whsec_") from None
        if not key:
            raise ValueError("should not be empty; leave the key out to send without a signature")
        return secret

    @field_validator("headers")
    @classmethod
    def _are_headers(cls, headers: dict[str, SecretStr]) -> dict[str, SecretStr]:
        for name, value in headers.items():
            if not _HEADER_NAME.fullmatch(name):
                raise ValueError(f"should hold header names only, and {name!r} is none")
            if name.lower() == "content-type":
                raise ValueError(f"should not hold {name}; write `content_type` beside `headers`")
            if name.lower() in _RESERVED or name.lower().startswith("webhook-"):
                raise ValueError(f"should not hold {name}, which the relay sets itself")
            if not HEADER_VALUE.fullmatch(TAG.sub("", value.get_secret_value())):
                raise ValueError(f"should hold printable ASCII only, and {name} does not")
        return headers

    @field_validator("content_type")
    @classmethod
    def _is_header_value(cls, content_type: str | None) -> str | None:
        if content_type is not None and not (content_type.strip() and HEADER_VALUE.fullmatch(content_type)):
            raise ValueError("should be a media type, like application/xml")
        return content_type

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.method == "GET" and self.body is not None:
            raise ValueError("has a `body`, and GET takes none; choose another method, or leave it out")
        if self.auth is not None and any(name.lower() == "authorization" for name in self.headers):
            raise ValueError("has `auth` and a header Authorization; one of them is enough")
        return self

    def secrets(self) -> Iterator[str]:
        """Give every text that must not be kept of an answer that repeats our request."""
        if self.secret is not None:
            text = self.secret.get_secret_value()
            yield text
            yield text.removeprefix(STANDARD_PREFIX)
        if self.auth is not None:
            yield from self.auth.secrets()
        for value in self.headers.values():
            fixed = TAG.sub(" ", value.get_secret_value())
            yield fixed.strip()
            yield from fixed.split()
        yield TAG.sub("", urlsplit(self.url).query)


def signing_key(secret: SecretStr) -> bytes:
    """Give the bytes to sign with. Raises ValueError where no base64 follows the prefix."""
    text = secret.get_secret_value()
    if text.startswith(STANDARD_PREFIX):
        return base64.b64decode(_padded(text.removeprefix(STANDARD_PREFIX)), validate=True)
    return text.encode()


def _padded(encoded: str) -> str:
    """Add the padding that some generators of secrets leave out."""
    return encoded + "=" * (-len(encoded) % 4)
