"""Secrets at rest: sealed with RELAY_SECRET_KEY before they are stored, opened when they are used."""

from base64 import urlsafe_b64encode

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from service.errors import ConfigurationError

MIN_KEY_LENGTH = 32
"""Characters; shorter keys can be guessed."""

_PURPOSE = b"fusioo-relay: secrets at rest"


class SecretBox:
    """Seals and opens short texts.

    `keys` are one or more texts of at least 32 characters, separated by commas: the first seals, all open,
    so a key is changed by putting the new one in front. Raises ConfigurationError if one is too short.
    """

    def __init__(self, keys: str) -> None:
        parts = [part.strip() for part in keys.split(",")]
        if any(len(part) < MIN_KEY_LENGTH for part in parts):
            raise ConfigurationError(
                f"RELAY_SECRET_KEY needs at least {MIN_KEY_LENGTH} characters (each, if there are several)",
                place="environment",
                remedy="make one with: openssl rand -base64 32",
            )
        self._fernet = MultiFernet([Fernet(_derive(part)) for part in parts])

    def seal(self, text: str) -> bytes:
        """Encrypt and sign; the same text gives other bytes each time."""
        return self._fernet.encrypt(text.encode())

    def open(self, sealed: bytes) -> str:
        """Give back what was sealed. Raises ConfigurationError when none of the keys opens it."""
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken:
            raise ConfigurationError(
                "RELAY_SECRET_KEY does not open the secrets stored in the database",
                place="environment",
                remedy="add the key that sealed them after a comma, or apply the webhooks anew",
            ) from None

    def __repr__(self) -> str:
        return "SecretBox(…)"


def _derive(key: str) -> bytes:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(key.encode())
    return urlsafe_b64encode(derived)
