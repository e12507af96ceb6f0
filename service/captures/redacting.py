"""A request without what may be secret in it: values of headers and fields, by their names. Pure.

Headers are shown only if they are known to hold nothing secret. In bodies and queries everything is shown
but what goes by a name that smells of a secret, and what those headers brought.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from urllib.parse import unquote, unquote_plus

from service.captures.secrecy import first_suspect, shape_of, smells
from service.observability.redacting import REDACTED, hide_credentials

MOST_BODY = 64 * 1024
"""Bytes of a body that are kept."""

SHOWN_HEADERS = frozenset(
    {
        "accept",
        "accept-charset",
        "accept-encoding",
        "accept-language",
        "cache-control",
        "connection",
        "content-encoding",
        "content-language",
        "content-length",
        "content-type",
        "date",
        "expect",
        "host",
        "te",
        "transfer-encoding",
        "user-agent",
        "x-forwarded-host",
        "x-forwarded-port",
        "x-forwarded-proto",
    }
)
_LONGEST_VALUE = 200
_SHORTEST_SECRET = 8  # characters; shorter ones would blot out common words

Headers = Sequence[tuple[bytes, bytes]]
"""Lower-case names and values."""


class Redaction:
    """What can be kept of one request."""

    def __init__(self, headers: Headers) -> None:
        decoded = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]
        brought = " ".join(value for name, value in decoded if smells(name)).split()
        self._brought = sorted({each for each in brought if len(each) >= _SHORTEST_SECRET}, key=len)[::-1]
        self._content = dict(decoded)
        self.headers = [self._header(name, value) for name, value in decoded]
        """`{name, value, shape}`, in their order: the value, or what it looks like."""

    def query(self, query: bytes) -> str:
        """Give a query string without what may be secret."""
        return self._pairs(query.decode("latin-1"))

    def body(self, body: bytes) -> bytes:
        """Give a body without what may be secret, clipped. JSON that holds such things is written anew."""
        if (encoding := self._content.get("content-encoding", "identity")) not in {"identity", ""}:
            return (
                f"[not kept: it is encoded ({_printable(encoding)}), so a secret would not be seen]".encode()
            )
        redacted = self._json(body)
        if redacted is None:
            is_form = self._content.get("content-type", "").startswith("application/x-www-form-urlencoded")
            text = body.decode("latin-1")
            redacted = (self._pairs(text) if is_form else self._text(text)).encode("latin-1", "replace")
        if len(redacted) <= MOST_BODY:
            return redacted
        return redacted[:MOST_BODY] + f"\n[clipped: {len(body)} bytes in all]".encode()

    def _header(self, name: str, value: str) -> dict[str, str | None]:
        if name in SHOWN_HEADERS:
            shown = self._hide(_printable(value))[:_LONGEST_VALUE]
            return {"name": name, "value": shown, "shape": None}
        return {"name": _printable(name), "value": None, "shape": shape_of(value)}

    def _json(self, body: bytes) -> bytes | None:
        """Redact JSON; None: it is none."""
        blotting = _Blotting(self._hide)
        try:
            tree = json.loads(body.decode("utf-8-sig"), object_pairs_hook=blotting.blot_pairs)
            clean = blotting.walk(tree)
        except (ValueError, RecursionError):
            return None
        if not blotting.has_blotted:
            return body
        return json.dumps(clean, ensure_ascii=False).encode("utf-8", "backslashreplace")

    def _text(self, text: str) -> str:
        """Redact what has no form that we know: behind the first suspicious word nothing is kept."""
        if (suspect := first_suspect(text)) is not None:
            return f"{self._hide(text[: suspect.end()])}[the rest is not kept: it may hold a secret]"
        if first_suspect(text.replace("\0", "")) is not None:
            return "[not kept: it may hold a secret]"
        return self._hide(text)

    def _pairs(self, text: str) -> str:
        return "&".join(self._pair(part) for part in text.split("&"))

    def _pair(self, part: str) -> str:
        name, equals, value = part.partition("=")
        if not equals:
            return REDACTED if name else ""
        written = {value, unquote(value), unquote_plus(value)}
        if value and (smells(unquote_plus(name)) or any(self._hide(each) != each for each in written)):
            value = REDACTED
        return _printable(f"{name}={value}")

    def _hide(self, text: str) -> str:
        for each in self._brought:
            text = text.replace(each, REDACTED)
        return hide_credentials(text)


class _Blotting:
    """Blots out secrets of JSON: while it is read, for equal keys hide each other, and then in all texts."""

    def __init__(self, hide: Callable[[str], str]) -> None:
        self._hide = hide
        self.has_blotted = False

    def blot_pairs(self, pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
        return {name: self._blot(value) if smells(name) else value for name, value in pairs}

    def walk(self, value: Any) -> Any:
        match value:
            case str():
                hidden = self._hide(value)
                self.has_blotted |= hidden != value
                return hidden
            case list():
                return [self.walk(each) for each in value]
            case dict():
                return {self.walk(name): self.walk(each) for name, each in value.items()}
            case _:
                return value

    def _blot(self, value: Any) -> Any:
        if value is None or isinstance(value, bool) or value == "":
            return value
        self.has_blotted = True
        return f"[redacted: {shape_of(value)}]" if isinstance(value, str) else REDACTED


def _printable(text: str) -> str:
    return "".join(each if each.isprintable() else "?" for each in text)
