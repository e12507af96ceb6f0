"""How each provider delivers: where its requests carry the secret, and the ids. Pure."""

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from service.fusioo import webhooks as fusioo
from service.onspring import outcomes as onspring
from service.transport.id_path import IdPath

Headers = Iterable[tuple[bytes, bytes]]
"""Lower-case names and values."""

_AUTHORIZATION = b"authorization"


@dataclass(frozen=True, slots=True)
class Sender:
    """What is known of one provider's requests."""

    secret_header: bytes
    """Where the secret stands, unless an account says otherwise; lower-case."""
    secrets_in: Callable[[Headers, bytes], Sequence[bytes]]
    """Gives every guess at the secret that a request makes, by the name of the header."""
    ids_in: Callable[[bytes, IdPath | None, str], Sequence[str]]
    """Reads a body for a registration of this app."""
    carriers: str = ""
    """What else may carry the secret, for people."""


def in_header(headers: Headers, wanted: bytes) -> list[bytes]:
    """Give the values of a header."""
    return [value for name, value in headers if name == wanted]


def in_header_or_authorization(headers: Headers, wanted: bytes) -> list[bytes]:
    """Give the values of a header, and what `Authorization` proves: a bearer token, or Basic's password."""
    found: list[bytes] = []
    for name, value in headers:
        if name == _AUTHORIZATION:
            found.append(_proven(value))
        elif name == wanted:
            found.append(value)
    return found


def _proven(authorization: bytes) -> bytes:
    scheme, _, credentials = authorization.partition(b" ")
    match scheme.lower():
        case b"bearer":
            return credentials.strip()
        case b"basic":
            return _password(credentials.strip())
    return authorization  # an account may have `secret_header: Authorization`, and no scheme


def _password(credentials: bytes) -> bytes:
    try:
        decoded = base64.b64decode(credentials, validate=True)
    except binascii.Error:
        return b""
    return decoded.partition(b":")[2]


SENDERS: Mapping[str, Sender] = MappingProxyType(
    {
        "fusioo": Sender(
            fusioo.SECRET_HEADER.lower().encode(),
            in_header,
            lambda body, id_path, _app_id: fusioo.parse_delivery(body, id_path),
        ),
        "onspring": Sender(
            onspring.SECRET_HEADER.lower().encode(),
            in_header_or_authorization,
            lambda body, id_path, app_id: onspring.parse_outcome(body, app_id, id_path),
            carriers=" or authorization",
        ),
    }
)
