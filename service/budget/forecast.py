"""When a budget will be spent. Pure; all times in seconds from now."""

from collections.abc import Sequence


def exhausted_in(*, free: int, rate: float, returning: Sequence[float]) -> float | None:
    """Say when no call is left, if calls go on at `rate` a second; None: never.

    `free` calls are left now, and each that counts comes back in one of `returning`, the soonest first. All
    of them are back within the window, and the new ones come back after it: what is not spent by then is
    not spent at this rate.
    """
    if free <= 0:
        return 0.0
    if rate <= 0:
        return None
    for before, back in enumerate(returning):
        spent = (free + before) / rate
        if spent < back:
            return spent
    return None
