"""Which failed calls may be repeated at once, within the same call of ours.

Only where a repetition does no harm: nothing was sent, or doing it twice is the same as doing it once. A 429
never: the budget waits for it. What is too large never either: it would be too large again.
"""

from service.errors import Disposition
from service.onspring.errors import (
    GatewayTimedOutError,
    OnspringError,
    UnavailableError,
    UnexpectedStatusError,
    UnreachableError,
    UnreadableAnswerError,
)
from service.onspring.protocol import Call


def is_repeatable(call: Call, error: Exception) -> bool:
    """Whether the call may be made once more after this error."""
    if not isinstance(error, UnreachableError | UnavailableError):
        return False
    if error.disposition is not Disposition.RETRY:
        return False
    return not may_have_acted(error) or call.endpoint.idempotent


def may_have_acted(error: Exception) -> bool:
    """Whether Onspring may have done, in spite of this error, what it was asked for."""
    if isinstance(error, UnreachableError):
        return error.may_have_acted
    return isinstance(error, UnavailableError | GatewayTimedOutError)


def surely_wrote_nothing(error: Exception) -> bool:
    """Whether Onspring surely did not do what it was asked for: it refused in words that are understood."""
    if not isinstance(error, OnspringError) or may_have_acted(error):
        return False
    return not isinstance(error, UnreadableAnswerError | UnexpectedStatusError)
