"""What goes over HTTP, as values: no library's types, so that protocols stay free of I/O."""

from collections.abc import AsyncIterable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import TypeAlias

_LONGEST_WAIT = 86_400.0

Body: TypeAlias = bytes | AsyncIterable[bytes]
"""A body in one piece, or piece by piece; without a `Content-Length` header the latter is sent in chunks."""


@dataclass(frozen=True, slots=True)
class Request:
    """What to send. Headers and body stay out of the repr: they may carry secrets."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: Body | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Response:
    """What came back: the status, the headers by lower-case name, the body as it came."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)

    @property
    def retry_after(self) -> float | None:
        """Seconds that the other side asks us to wait (0 to a day); None: it says nothing usable.

        A `Retry-After` date is measured against the answer's own `Date`, so no clock needs to agree.
        """
        text = self.headers.get("retry-after", "").strip()
        if text.isascii() and text.isdigit():
            return min(float(text), _LONGEST_WAIT)
        try:
            until, now = (parsedate_to_datetime(moment) for moment in (text, self.headers.get("date", "")))
            return min(max((until - now).total_seconds(), 0.0), _LONGEST_WAIT)
        except (ValueError, TypeError):  # TypeError: one of the two dates has no zone
            return None
