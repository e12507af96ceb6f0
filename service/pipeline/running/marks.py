"""What an attempt's outcome makes of its run. Pure."""

from collections.abc import Sequence
from datetime import timedelta

from service.handlers.marking import Mark
from service.handlers.retrying import next_attempt
from service.handlers.types import Deferred, Discarded, Done, Failed, Outcome
from service.lifecycle import AttemptOutcome, RunStatus

DEFAULT_DEFERRAL = timedelta(minutes=1)
"""Where a deferral names no moment."""


def mark_of(outcome: Outcome, retry: Sequence[timedelta], *, attempts: int, jitter: float) -> Mark:
    """Turn an outcome into how its run goes on. `attempts` counts this one; `jitter` is from [0, 1)."""
    match outcome:
        case Done(detail=detail):
            return Mark(
                AttemptOutcome.DONE,
                RunStatus.DONE,
                detail=dict(detail) if detail else None,
                handler_works=True,
            )
        case Discarded(reason=reason):
            return Mark(AttemptOutcome.DONE, RunStatus.DISCARDED, error=reason)
        case Deferred(reason=reason, until=until, after=after):
            wait = DEFAULT_DEFERRAL if after is None and until is None else timedelta(seconds=after or 1.0)
            return Mark(
                AttemptOutcome.DEFERRED, RunStatus.READY, next_in=wait, not_before=until, error=reason
            )
        case Failed():
            return _failed(outcome, retry, attempts=attempts, jitter=jitter)


def lost(retry: Sequence[timedelta] | None, *, attempts: int, jitter: float) -> Mark:
    """Turn the loss of an attempt's process into how its run goes on: it counts as failed.

    `retry` None: the handler left the configuration. Its run is held, and stays ready.
    """
    wait = timedelta(0) if retry is None else next_attempt(retry, attempts, retry_after=None, jitter=jitter)
    return Mark(
        AttemptOutcome.LOST,
        RunStatus.DEAD if wait is None else RunStatus.READY,
        next_in=wait,
        error="its process was lost; whether the handler acted is not known",
        handler_works=False,
    )


def _failed(outcome: Failed, retry: Sequence[timedelta], *, attempts: int, jitter: float) -> Mark:
    wait = (
        None
        if outcome.dead
        else next_attempt(retry, attempts, retry_after=outcome.retry_after, jitter=jitter)
    )
    return Mark(
        AttemptOutcome.FAILED,
        RunStatus.DEAD if wait is None else RunStatus.READY,
        next_in=wait,
        error=outcome.error,
        detail=dict(outcome.detail) if outcome.detail else None,
        # What is dead at once would be so with any handler that works: it is about the run (410, say).
        handler_works=None if outcome.dead else False,
    )
