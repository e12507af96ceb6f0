"""From what a handler raised to how its attempt ended. Pure; the caller logs the traceback."""

from datetime import timedelta

from service.clock import format_duration
from service.errors import BudgetExhaustedError, Disposition, LeaseLostError, RelayError
from service.handlers.clipping import ERROR_LENGTH, clip
from service.handlers.types import Deferred, Discard, Discarded, Failed, Outcome, Retry


def outcome_of(error: Exception, *, timeout: timedelta) -> Outcome:
    """Say how an attempt ended that raised `error`; `timeout` is the handler's time limit, for the message.

    No budget or a stated pause of the provider defers; a signal does what it says; an error of ours does
    what its disposition says (halt is a retry here: the run itself is not at fault); all else is retried.
    Raises the LeaseLostError it was given: who lost the run must not write about it.
    """
    match error:
        case LeaseLostError():
            raise error
        case Retry():
            return Failed(_clipped(error.reason), retry_after=error.retry_after)
        case Discard():
            return Discarded(_clipped(error.reason))
        case BudgetExhaustedError():
            return Deferred(_clipped(str(error)), until=error.free_at)
        case RelayError():
            return _of_disposition(error)
        case TimeoutError() if not error.args:
            return Failed(f"not done within {format_duration(timeout)} (the handler's `timeout`)")
        case _:
            return Failed(_described(error))


def _of_disposition(error: RelayError) -> Outcome:
    if error.disposition is Disposition.DEFER:
        return Deferred(_described(error), after=error.retry_after)
    return Failed(
        _described(error),
        retry_after=error.retry_after,
        dead=error.disposition is Disposition.DISCARD,
    )


def _described(error: Exception) -> str:
    try:
        message = str(error)
    except Exception:  # noqa: BLE001 - a user's class may fail at this too, and its run must still end
        message = "(its message can't be read)"
    return _clipped(f"{type(error).__name__}: {message}" if message else type(error).__name__)


def _clipped(message: str) -> str:
    return clip(message, ERROR_LENGTH)
