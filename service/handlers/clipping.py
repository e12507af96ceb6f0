"""Texts of others, made fit to be kept: without secrets, without bytes that Postgres refuses, and short."""

from collections.abc import Iterable

ERROR_LENGTH = 500
"""Characters of an error that are kept with an attempt."""

_REDACTED = "[redacted]"
_SHORTEST_SECRET = 4  # replacing every "a" of a text would hide the text and say the secret's letters


def clip(text: str, length: int) -> str:
    """Cut a text to `length` characters; NUL and lone surrogates, which Postgres refuses, are replaced."""
    # Clipped first to a bound that replacing can't shrink, so that a huge text costs little.
    head = text[: length + 1].replace("\x00", "\ufffd")
    storable = head.encode("utf-8", "replace").decode("utf-8")
    return storable if len(storable) <= length else storable[: length - 1] + "…"


def redact(text: str, secrets: Iterable[str]) -> str:
    """Replace the secrets wherever they stand in a text. Do it before clipping: half a secret is one too."""
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, _REDACTED)
    return text
