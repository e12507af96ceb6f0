"""What becomes of an expansion after a round of asking: finished, or asked for again. Pure."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from service.errors import BudgetExhaustedError, RelayError
from service.handlers.clipping import ERROR_LENGTH, clip
from service.links.claims import ClaimedExpansion
from service.links.repository import Again, Finished
from service.links.resolving import Resolved
from service.pipeline.linking.fetching import Fetched

FAILURE_PAUSES: Sequence[timedelta] = tuple(timedelta(seconds=each) for each in (5, 30, 120, 600, 1800, 3600))
"""How long until records are asked for again for which no answer came, time after time; then they are gaps:
whoever waits for them for ever would hold back all later changes of the record."""

Verdict = Finished | Again


def judge(
    expansion: ClaimedExpansion, resolved: Resolved, fetched: Fetched, pauses: Sequence[timedelta]
) -> Verdict:
    """Say what becomes of an expansion. `pauses`: after which absent records are asked for again."""
    needed = resolved.needed
    if fetched.stopped is not None and fetched.unlearnt and resolved.unclear:
        return _wait(expansion, fetched.stopped)
    if not needed:
        return _finished(resolved)
    if fetched.stopped is not None and any(map(fetched.is_open, needed)):
        return _wait(expansion, fetched.stopped)
    failed = [fetched.failed[key] for key in needed if key in fetched.failed]
    if failed:
        return judge_failure(expansion, failed[0], resolved)
    if expansion.looks >= len(pauses):
        return _finished(resolved)
    return Again(
        looks=expansion.looks + 1,
        failures=expansion.failures,
        next_in=pauses[expansion.looks],
        reason=f"{len(needed)} linked records are not there yet",
    )


def judge_failure(expansion: ClaimedExpansion, error: Exception, resolved: Resolved | None = None) -> Verdict:
    """Say what becomes of an expansion for which asking failed. `resolved` None: its links are not known."""
    reason = clip(f"{type(error).__name__}: {error}", ERROR_LENGTH)
    if expansion.failures >= len(FAILURE_PAUSES):
        if resolved is None:
            nothing: dict[str, list[Any]] = {path: [] for path in expansion.paths}
            return Finished(nothing, nothing, reason)
        return _finished(resolved, reason)
    wait = timedelta(seconds=getattr(error, "retry_after", None) or 0.0)
    pause = max(FAILURE_PAUSES[expansion.failures], wait)
    return Again(expansion.looks, expansion.failures + 1, next_in=pause, reason=reason)


def _wait(expansion: ClaimedExpansion, error: RelayError) -> Again:
    """Nothing was asked, and so nothing counts."""
    reason = clip(str(error), ERROR_LENGTH)
    if isinstance(error, BudgetExhaustedError):
        return Again(expansion.looks, expansion.failures, not_before=error.free_at, reason=reason)
    # Who had one call too many asks the ledger again: it knows when there is the next. Who is refused is due
    # at once: the account's halt holds back all that is due, and nobody has to be woken when it ends.
    pause = timedelta(seconds=error.retry_after or 0.0)
    return Again(expansion.looks, expansion.failures, next_in=pause, reason=reason)


def _finished(resolved: Resolved, reason: str | None = None) -> Finished:
    gaps = resolved.all_gaps()
    missing = sum(map(len, gaps.values()))
    return Finished(
        resolved.linked, gaps, reason or (f"{missing} linked records are not to be had" if missing else None)
    )
