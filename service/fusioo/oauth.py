"""OAuth 2 as bytes and values, without I/O: what is sent to the token endpoint, and what its answers mean.

The endpoint's address is not published (FACTS: the default is a guess from the authorize address), nor how it
wants the application's credentials: both can be set.
"""

import hashlib
import json
import math
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import quote_plus, urlencode

from pydantic import SecretStr

from service.fusioo.errors.base import UnreadableAnswerError
from service.fusioo.errors.oauth import OAuthError, TokenUnavailableError, refusal
from service.transport.messages import Request, Response

TOKEN_URL = "https://connect.fusioo.com/oauth/token"  # noqa: S105  an address
ENDPOINT = "token endpoint"
"""What it is called in errors: its address is the user's, and may carry secrets."""

_SUCCESS = range(200, 300)
_TRY_LATER = frozenset({408, 425, 429})
_THEIR_FAULT = 500
_TEMPORARY = frozenset({"temporarily_unavailable", "server_error", "slow_down"})
_CODES = frozenset(
    {
        "invalid_request",
        "invalid_client",
        "invalid_grant",
        "unauthorized_client",
        "unsupported_grant_type",
        "invalid_scope",
        "access_denied",
        *_TEMPORARY,
    }
)
_PRINTABLE = re.compile(r"[!-~]+")
_LONGEST_LIFE = 100 * 365 * 86_400.0


class CredentialsIn(StrEnum):
    """Where the application's id and secret are sent (RFC 6749, section 2.3.1)."""

    BODY = "body"
    HEADER = "header"


@dataclass(frozen=True, slots=True)
class Application:
    """An OAuth 2 application and its grant: it refreshes where there is a first `refresh_token`.

    Else it shows its own credentials.
    """

    client_id: str
    client_secret: SecretStr
    token_url: str = field(default=TOKEN_URL, repr=False)
    refresh_token: SecretStr | None = None
    credentials_in: CredentialsIn = CredentialsIn.BODY

    @property
    def origin(self) -> str:
        """What tokens that were kept belong to: other settings or a new first refresh token have others.

        A digest (SHA-256, hex). The client's secret has no part in it: changing it leaves tokens valid.
        """
        first = self.refresh_token.get_secret_value() if self.refresh_token else None
        parts = [self.client_id, self.token_url, first]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the token endpoint gave. `lifetime` is in seconds; None: it did not say."""

    access: SecretStr
    refresh: SecretStr | None = None
    lifetime: float | None = None


def build_token_request(application: Application, refresh: SecretStr | None) -> Request:
    """Ask for tokens: by `refresh`, the newest refresh token, or by the application's own credentials."""
    form = {"grant_type": "client_credentials"}
    if refresh is not None:
        form = {"grant_type": "refresh_token", "refresh_token": refresh.get_secret_value()}
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    secret = application.client_secret.get_secret_value()
    if application.credentials_in is CredentialsIn.HEADER:
        pair = f"{quote_plus(application.client_id)}:{quote_plus(secret)}"
        headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
    else:
        form |= {"client_id": application.client_id, "client_secret": secret}
    return Request("POST", application.token_url, headers, urlencode(form).encode())


def read_tokens(answer: Response) -> Tokens:
    """Give the tokens of an answer; an envelope like the API's around them is looked into.

    Raises TokenRefusedError, TokenUnavailableError, or UnreadableAnswerError where tokens may have been given
    and got lost. What the endpoint says is never quoted but for the codes of the standard: it may repeat
    what was sent.
    """
    said = _object(answer.body)
    if answer.status in _SUCCESS and "error" not in said:
        tokens = _tokens(said) or _tokens(said.get("data"))
        if tokens is None:
            raise UnreadableAnswerError(
                f"{len(answer.body)} bytes without a bearer token", endpoint=ENDPOINT, status=answer.status
            )
        return tokens
    raise _failure(answer, said.get("error"))


def _failure(answer: Response, code: Any) -> OAuthError:
    known = code if isinstance(code, str) and code in _CODES else ""
    if known in _TEMPORARY or answer.status in _TRY_LATER or answer.status >= _THEIR_FAULT:
        return TokenUnavailableError(
            known, endpoint=ENDPOINT, status=answer.status, retry_after=answer.retry_after
        )
    return refusal(known, endpoint=ENDPOINT, status=answer.status)


def _tokens(said: Any) -> Tokens | None:
    given = said if isinstance(said, dict) else {}
    access, refresh = _token(given.get("access_token")), _token(given.get("refresh_token"))
    kind = given.get("token_type")
    if access is None or (isinstance(kind, str) and kind.lower() != "bearer"):
        return None
    return Tokens(access, refresh, _seconds(given.get("expires_in")))


def _token(value: Any) -> SecretStr | None:
    return SecretStr(value) if isinstance(value, str) and _PRINTABLE.fullmatch(value) else None


def _seconds(value: Any) -> float | None:
    """Read `expires_in`, also as a text; what is no time to live is as good as not said."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        seconds = float(value)
    except (ValueError, OverflowError):
        return None
    return min(seconds, _LONGEST_LIFE) if math.isfinite(seconds) and seconds > 0 else None


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return parsed if isinstance(parsed, dict) else {}
