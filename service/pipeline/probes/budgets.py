"""How near each account is to the end of its budget. Pure."""

from collections.abc import Mapping

from service.budget.usage import Usage
from service.clock import iso
from service.pipeline.probes.checks import Check, Status
from service.pipeline.probes.wording import spell

NEARLY_SPENT = 0.9
"""From here on work is deferred, or soon will be: by default the last tenth is a reserve."""


def is_nearly_spent(usage: Usage) -> bool:
    """Tell whether the budget holds work back: that explains why something waits."""
    return usage.blocked_until is not None or usage.used >= NEARLY_SPENT * usage.usable


def forecast(usage: Usage) -> str:
    """Say how much is used, when there is more, and when there is nothing left.

    `212 of 500 used, next free slot in 3s, at this rate exhausted in 14m`: the next free slot is settling's,
    or where it has one now, the next call that comes back.
    """
    if usage.blocked_until is not None:
        return f"the provider answered 429, no call is made before {iso(usage.blocked_until)}"
    told = [f"{usage.used} of {usage.limit} used"]
    if usage.ceiling_until is not None:
        until = iso(usage.ceiling_until)
        told[0] += f" (of {usage.configured} configured: the provider refused more, heeded until {until})"
    free_at = usage.free_at or usage.next_back_at
    if free_at is not None:
        told.append(f"next free slot in {spell(free_at - usage.moment)}")
    if usage.exhausted_at is not None:
        told.append(f"at this rate exhausted in {spell(usage.exhausted_at - usage.moment)}")
    return ", ".join(told)


def describe(usage: Usage) -> str:
    """Say the same, and which lanes used it: `…; settle 180, handlers 32`."""
    lanes = ", ".join(f"{lane} {used}" for lane, used in usage.lanes.items() if used)
    return f"{forecast(usage)}; {lanes}" if lanes else forecast(usage)


def judge_budgets(budgets: Mapping[str, Usage]) -> list[Check]:
    """One check for each account; a spent budget is no failure, work waits for it."""
    return [
        Check(
            Status.WARN if _is_scarce(usage) else Status.PASS,
            f"account {usage.account}: {describe(usage)}",
            usage.used,
            "calls",
        )
        for usage in budgets.values()
    ]


def _is_scarce(usage: Usage) -> bool:
    nothing_left = usage.blocked_until is not None or usage.free_at is not None
    return nothing_left or usage.used >= NEARLY_SPENT * usage.limit
