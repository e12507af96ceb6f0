"""How a slot is left after a look: when the next may begin, how large it may be. Pure."""

from dataclasses import replace
from datetime import datetime, timedelta

from service.budget.pacing import gather_after
from service.errors import (
    BatchSpoiltError,
    BatchTooLargeError,
    BudgetExhaustedError,
    Disposition,
    RelayError,
    UnsortableError,
)
from service.handlers.clipping import ERROR_LENGTH, clip
from service.pipeline.settling.listed import Page, read_to
from service.records.halts import HALT_PAUSE
from service.records.slots import ClaimedSlot, Listed, Release
from service.transport.batch_size import CEILING_LASTS, LARGEST_BATCH, grown, halved

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 300.0


def after_success(
    slot: ClaimedSlot, *, asked: int, left: int, gather: float, largest: int = LARGEST_BATCH
) -> Release:
    """Release after an answer: the next look may ask for more if this one was full, up to `largest`.

    It may begin at once where `left`, the records that were due besides, fill it. Else it waits, so that what
    comes in meanwhile goes along: for `gather` seconds after a look at one record, longer after one at many.
    """
    size = grown(slot.batch_size, asked=asked, ceiling=slot.ceiling, largest=largest)
    full = left >= (size or slot.batch_size)
    listed = slot.listed and Listed(slot.listed.since, slot.listed.offset or 0)
    return Release(
        next_in=timedelta(seconds=0 if full else gather_after(asked, gather)), batch_size=size, listed=listed
    )


def after_page(slot: ClaimedSlot, page: Page, *, found: int, left: int, gather: float) -> Release:
    """Release after a page of what changed last, which showed `found` of the due records, and `left` not."""
    full = left >= slot.batch_size
    return Release(
        next_in=timedelta(seconds=0 if full else gather_after(found, gather)),
        listed=read_to(page, found=found),
    )


def after_pause(slot: ClaimedSlot, seconds: float) -> Release:
    """Release a slot without having asked: calls are spread, and its next look is due in so many seconds."""
    return Release(
        next_in=timedelta(seconds=seconds), failures=slot.failures, halted=slot.halted, looked=False
    )


def after_no_call(slot: ClaimedSlot, *, not_before: datetime | None = None) -> Release:
    """Release a slot without having asked: nothing is due, or no call is left before `not_before`."""
    return Release(not_before=not_before, failures=slot.failures, halted=slot.halted, looked=False)


def while_halted(slot: ClaimedSlot, *, until: datetime, reason: str) -> Release:
    """Release a slot without having asked, for its account is refused and is not asked before `until`."""
    return Release(not_before=until, failures=slot.failures, halted=reason, looked=False)


def after_failure(
    slot: ClaimedSlot, error: Exception, *, asked: int, jitter: float, page: Page | None = None
) -> Release:
    """Release after a call that brought no answer. `jitter` is a random number from [0, 1)."""
    # What is wrong with a page says nothing of ids: of how many fit into a call, or which are refused.
    if isinstance(error, UnsortableError) or (
        page is not None and isinstance(error, BatchTooLargeError | BatchSpoiltError)
    ):
        return Release(halted=slot.halted, listed=Listed(slot.claimed_at + CEILING_LASTS))
    if isinstance(error, BatchSpoiltError):  # its size was not what was wrong: no ceiling
        return Release(batch_size=halved(asked), halted=slot.halted)
    if isinstance(error, BatchTooLargeError):
        alone = Release(halted=slot.halted)
        return alone if asked == 1 else replace(alone, batch_size=halved(asked), ceiling=asked)
    if halts(error):
        return Release(next_in=HALT_PAUSE, failures=slot.failures + 1, halted=clip(str(error), ERROR_LENGTH))
    wait = getattr(error, "retry_after", None) or 0.0
    if isinstance(error, RelayError) and error.disposition is Disposition.DEFER:
        # One call of the look was paid before: it is a second one for which the budget had none.
        free_at = error.free_at if isinstance(error, BudgetExhaustedError) else None
        return Release(
            next_in=timedelta(seconds=wait), not_before=free_at, failures=slot.failures, halted=slot.halted
        )
    pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(slot.failures, 10)) * (0.5 + jitter / 2)
    return Release(
        next_in=timedelta(seconds=max(pause, wait)), failures=slot.failures + 1, halted=slot.halted
    )


def halts(error: Exception) -> bool:
    """Tell whether an error stops the app until a person has mended something."""
    return isinstance(error, RelayError) and error.disposition is Disposition.HALT
