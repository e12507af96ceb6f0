"""How often apps can be reconciled within the share of the budget that is for that. Pure."""

from collections.abc import Collection
from datetime import timedelta

ROUNDS_SHARE = 0.5
"""Of reconciling's own share of the budget, rounds take so much; the rest is for full sweeps."""
IDLE_CALLS = 2
"""What a round costs where nothing happened: a page, and the count."""
_FIRST_PAUSE = timedelta(minutes=1)
_LONGEST_PAUSE = timedelta(hours=1)


def true_period(wanted: timedelta, *, calls: Collection[int], own: int, window: timedelta) -> timedelta:
    """Say how often the apps of an account are reconciled: as wanted, or as often as the budget allows.

    `calls`: what the last round of each app cost; `own`: how many calls reconciling may make in a `window`.
    """
    needed = sum(max(IDLE_CALLS, each) for each in calls)
    return max(wanted, window * (needed / max(1.0, own * ROUNDS_SHARE)))


def pause_after_failure(failures: int, *, period: timedelta) -> timedelta:
    """Say how long to leave an app alone after so many failures in a row."""
    longest = max(period, _LONGEST_PAUSE)
    return min(longest, _FIRST_PAUSE * 2 ** min(failures - 1, 12)) if failures > 0 else period


def late_after(period: timedelta) -> timedelta:
    """Say how long after a round the next should have ended, before somebody should see to it."""
    return period * 2 + timedelta(minutes=5)
