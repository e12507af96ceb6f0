"""What can happen instead of a token, where a client gets its tokens by OAuth 2.

Source of the codes: RFC 6749, section 5.2. Which of them Fusioo sends, and with which status, is not
published; `invalid_grant` for a dead refresh token was seen live.
"""

from service.errors import AccountRefusedError, Disposition
from service.fusioo.errors.base import FusiooError


class OAuthError(FusiooError):
    """Base: the token endpoint gave no token. Nothing was sent to the API."""

    meaning = "no token"


class TokenUnavailableError(OAuthError):
    """The token endpoint is down, or answers strangely, or somebody else is asking it. `retry_after` is set.

    It does not count as an attempt: the pauses between two token calls are kept by whoever keeps the tokens.
    """

    disposition = Disposition.DEFER
    meaning = "no token can be had now"


class TokenRefusedError(OAuthError, AccountRefusedError):
    """The token endpoint does not accept what we show. No call of this account can work."""

    disposition = Disposition.HALT
    meaning = "no token is given"
    remedy = "check the account's `oauth` settings: its token_url first, then grant and credentials_in"
    pause = 300.0
    """Seconds until the same question may be asked again: somebody may have mended it at the provider."""


class ApplicationRefusedError(TokenRefusedError):
    """`invalid_client`, `unauthorized_client`: the application is unknown, or may not use this grant."""

    meaning = "the application is not accepted"
    remedy = "check client_id, client_secret, and that the application may use this grant"


class GrantRefusedError(TokenRefusedError):
    """`invalid_grant`: the refresh token is dead. Only a person can get another one."""

    meaning = "the refresh token is not accepted: expired, revoked, or used up by an answer that got lost"
    remedy = "authorise the application anew in Fusioo, and set the new refresh token as oauth.refresh_token"
    pause = 3600.0


_REFUSALS = {
    "invalid_grant": GrantRefusedError,
    "invalid_client": ApplicationRefusedError,
    "unauthorized_client": ApplicationRefusedError,
}


def refusal(said: str, *, endpoint: str, status: int | None = None) -> TokenRefusedError:
    """Make the error for an OAuth code, or for other words that say why there is no token."""
    return _REFUSALS.get(said, TokenRefusedError)(said, endpoint=endpoint, status=status)
