"""When a failed run is tried again. Pure: the caller brings the random number."""

from collections.abc import Sequence
from datetime import timedelta

LONGEST_WISH = timedelta(hours=24)
"""How far another side's Retry-After may push us; beyond it we ask again anyway."""

_JITTER = 0.1


def next_attempt(
    retry: Sequence[timedelta], attempts: int, *, retry_after: float | None, jitter: float
) -> timedelta | None:
    """Say how long to wait after `attempts` failed ones, or None: the run is dead.

    `retry` holds n delays for n + 1 attempts. `jitter` is a random number from [0, 1) that moves the delay
    by up to a tenth either way. `retry_after` (seconds, the other side's wish) is a minimum, up to 24 h.
    Raises ValueError if no attempt was made yet, or the jitter is out of range.
    """
    if attempts < 1 or not 0 <= jitter < 1:
        raise ValueError(f"attempts={attempts} must be 1 or more, and jitter={jitter} within [0, 1)")
    if attempts > len(retry):
        return None
    delay = retry[attempts - 1] * (1 + _JITTER * (2 * jitter - 1))
    # Seconds are clipped before they become a timedelta: a huge wish would overflow it.
    wish = timedelta(seconds=min(max(retry_after or 0.0, 0.0), LONGEST_WISH.total_seconds()))
    return max(delay, wish)
