"""Keeps secrets out of log lines: a second guard, for what should never have been logged."""

import re
from collections.abc import Mapping, MutableMapping
from typing import Any

REDACTED = "[redacted]"

_SECRET_NAME = re.compile(r"secret|token|authorization|password|api_?key|cookie", re.IGNORECASE)
_CREDENTIALS = re.compile(r"\b([Bb]earer|BEARER|Basic)\s+[A-Za-z0-9._~+/=-]{6,}")
_URL_PASSWORD = re.compile(r"(://[^\s/:@]*):[^\s/@]+@")
_DEEPEST = 5


def redact(_logger: object, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: hides the values of fields that are named like secrets, at any depth,
    and credentials inside of texts (`Bearer …`, `//user:password@`).
    """
    for name, value in line.items():
        line[name] = REDACTED if _is_secret(name) else _clean(value, _DEEPEST)
    return line


def hide_credentials(text: str) -> str:
    """Hide credentials that can be told by their form: `Bearer …`, `//user:password@`."""
    return _URL_PASSWORD.sub(rf"\1:{REDACTED}@", _CREDENTIALS.sub(rf"\1 {REDACTED}", text))


def _is_secret(name: object) -> bool:
    return isinstance(name, str) and _SECRET_NAME.search(name) is not None


def _clean(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return hide_credentials(value)
    if depth == 0 or not isinstance(value, (Mapping, list, tuple, set, frozenset)):
        return value
    if isinstance(value, Mapping):
        return {
            name: REDACTED if _is_secret(name) else _clean(inner, depth - 1) for name, inner in value.items()
        }
    return [_clean(inner, depth - 1) for inner in value]
