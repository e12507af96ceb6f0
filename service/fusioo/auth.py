"""How a client proves who it is."""

import re
from collections.abc import Mapping
from typing import Protocol

from pydantic import SecretStr

from service.errors import ConfigurationError

_PRINTABLE = re.compile(r"[!-~]+")


class Auth(Protocol):
    """Gives the headers of a call; may refresh a token first."""

    async def headers(self) -> Mapping[str, str]:
        """Give the headers that say who calls. Raises OAuthError where no token can be had."""
        ...

    async def refused(self, headers: Mapping[str, str]) -> bool:
        """Hear that the API answered 401 to these headers. True: there are others now, ask again.

        Raises OAuthError like `headers`.
        """
        ...


def bearer(token: SecretStr) -> dict[str, str]:
    """Write a token as the header in which it is sent."""
    return {"Authorization": f"Bearer {token.get_secret_value()}"}


class StaticToken:
    """A token that is used as it is: a private application's, made in Fusioo's interface.

    Tokens are opaque and may be over a kilobyte long (seen live). Raises ConfigurationError where the text
    can't be a token at all.
    """

    def __init__(self, token: SecretStr | str) -> None:
        text = token.get_secret_value() if isinstance(token, SecretStr) else token
        if not _PRINTABLE.fullmatch(text):
            raise ConfigurationError(
                "the Fusioo token is empty, or has blanks or characters that no token has",
                remedy="copy it again from Fusioo, without quotes or line ends",
            )
        self._token = SecretStr(text)

    async def headers(self) -> Mapping[str, str]:
        return bearer(self._token)

    async def refused(self, headers: Mapping[str, str]) -> bool:  # noqa: ARG002  the protocol's
        """There is no other token."""
        return False

    async def aclose(self) -> None:
        """Nothing is under way."""

    def __repr__(self) -> str:
        return "StaticToken(…)"
