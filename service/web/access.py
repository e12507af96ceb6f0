"""The admin token: who carries it sees figures and names."""

import hmac
from collections.abc import Iterable

from pydantic import SecretStr
from starlette.exceptions import HTTPException
from starlette.types import Scope

_SCHEME = b"bearer"


class AdminToken:
    """`RELAY_ADMIN_TOKEN`. Without one nobody is let in, whatever they send."""

    def __init__(self, token: SecretStr | None) -> None:
        self._token = token.get_secret_value().encode() if token is not None else b""

    @property
    def is_set(self) -> bool:
        return bool(self._token)

    def admits(self, headers: Iterable[tuple[bytes, bytes]]) -> bool:
        """Tell whether a request carries the token: one header `Authorization: Bearer …` (RFC 6750, 2.1).

        `headers` are lower-case names and values. Takes as long for a wrong token as for the right one.
        """
        given = [value for name, value in headers if name == b"authorization"]
        # More than one would be several guesses in one request.
        if not self._token or len(given) != 1:
            return False
        scheme, _, token = given[0].partition(b" ")
        return scheme.lower() == _SCHEME and hmac.compare_digest(token.strip(), self._token)


def require_admin(scope: Scope) -> None:
    """Let only those on who carry the admin token. Raises HTTPException: 404 where none is set, else 401."""
    admin: AdminToken = scope["state"]["admin"]
    if not admin.is_set:
        raise HTTPException(404)
    if not admin.admits(scope["headers"]):
        message = "send the admin token: Authorization: Bearer …"
        raise HTTPException(401, message, headers={"www-authenticate": "Bearer"})
