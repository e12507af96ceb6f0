"""Which failed calls may be repeated at once, within the same call of ours.

Only where a repetition does no harm: nothing was sent, nothing was done (30054, an old token), or doing it
twice is the same as doing it once. A 429 never: the budget waits for it.
"""

from service.errors import Disposition
from service.fusioo.errors import (
    ConcurrentRequestsError,
    FusiooError,
    InternalError,
    RequestTooLargeError,
    StaleTokenError,
    UnavailableError,
    UnknownCodeError,
    UnreachableError,
    UnreadableAnswerError,
)
from service.fusioo.protocol import Call

_PASSING = (UnreachableError, UnavailableError, InternalError)


def is_repeatable(call: Call, error: Exception) -> bool:
    """Whether the call may be made once more after this error."""
    if isinstance(error, ConcurrentRequestsError | StaleTokenError):
        return call.replayable
    if not isinstance(error, _PASSING) or error.disposition is not Disposition.RETRY:
        return False
    return not may_have_acted(error) or (call.endpoint.idempotent and call.replayable)


def may_have_acted(error: Exception) -> bool:
    """Whether Fusioo may have done, in spite of this error, what it was asked for."""
    return error.may_have_acted if isinstance(error, UnreachableError) else isinstance(error, _PASSING)


def surely_wrote_nothing(error: Exception) -> bool:
    """Whether Fusioo surely did not do what it was asked for: it refused in words that are understood."""
    if not isinstance(error, FusiooError) or may_have_acted(error):
        return False
    return not isinstance(error, UnreadableAnswerError | UnknownCodeError | RequestTooLargeError)
