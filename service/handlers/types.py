"""How one attempt at a run can end, and how a handler says so.

RelayError
├── Retry      raised by a handler: try again, not before `after`
└── Discard    raised by a handler: never try again, and no person needs to look
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from service.clock import parse_duration
from service.errors import Disposition, RelayError

Detail = Mapping[str, Any]
"""What a handler tells of an attempt: JSON values, clipped and redacted (`{"status": 503, "body": "…"}`)."""


@dataclass(frozen=True, slots=True)
class Done:
    """The handler acted; nothing more is to be done."""

    detail: Detail | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """The attempt failed and counts; it is tried again by the handler's `retry` list, unless `dead`."""

    error: str
    retry_after: float | None = None
    """Seconds to wait at least, where the other side said so."""
    dead: bool = False
    """Trying again would fail the same way: a person must look."""
    detail: Detail | None = None


@dataclass(frozen=True, slots=True)
class Deferred:
    """The attempt could not be made now; it does not count."""

    reason: str
    until: datetime | None = None
    """Not before this moment (aware UTC), where it is known."""
    after: float | None = None
    """Not before so many seconds have passed, where that is what is known."""


@dataclass(frozen=True, slots=True)
class Discarded:
    """The handler wants nothing of this change, now or later."""

    reason: str


Outcome = Done | Failed | Deferred | Discarded


class Retry(RelayError):  # noqa: N818 - the contract's name; it is a signal more than an error
    """Raise it in a handler to be tried again, `after` seconds (or `"5m"`, or a timedelta) from now at least.

    The attempt counts: after the last delay of the handler's `retry` list the run is dead.
    Raises ValueError if `after` is negative or no duration.
    """

    disposition = Disposition.RETRY

    def __init__(
        self, after: float | timedelta | str | None = None, reason: str = "the handler asked for a retry"
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after = None if after is None else _seconds(after)


class Discard(RelayError):  # noqa: N818 - the contract's name; it is a signal more than an error
    """Raise it in a handler to end the run for good: it becomes discarded, not dead."""

    disposition = Disposition.DISCARD

    def __init__(self, reason: str = "the handler discarded it") -> None:
        super().__init__(reason)
        self.reason = reason


def _seconds(after: float | timedelta | str) -> float:
    seconds = float(after) if isinstance(after, int | float) else parse_duration(after).total_seconds()
    # `not >=` also refuses NaN, which compares false with everything.
    if not seconds >= 0:
        raise ValueError(f"Retry(after={after!r}): write seconds from 0 on, a timedelta, or a text like '5m'")
    return seconds
