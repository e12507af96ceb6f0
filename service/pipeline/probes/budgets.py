"""How near each account is to the end of its budget. Pure."""

from collections.abc import Mapping

from service.budget.usage import Usage
from service.clock import iso
from service.pipeline.probes.checks import Check, Status

NEARLY_SPENT = 0.9
"""From here on work is deferred, or soon will be: by default the last tenth is a reserve."""


def is_nearly_spent(usage: Usage) -> bool:
    """Tell whether the budget holds work back: that explains why something waits."""
    return usage.blocked_until is not None or usage.used >= NEARLY_SPENT * usage.usable


def forecast(usage: Usage) -> str:
    """Say how much is used and when there is more."""
    if usage.blocked_until is not None:
        return f"the provider answered 429, no call is made before {iso(usage.blocked_until)}"
    used = f"{usage.used} of {usage.limit} calls are used"
    return f"{used}, the next is free at {iso(usage.free_at)}" if usage.free_at else used


def judge_budgets(budgets: Mapping[str, Usage]) -> list[Check]:
    """One check for each account; a spent budget is no failure, work waits for it."""
    return [
        Check(
            Status.WARN if _is_scarce(usage) else Status.PASS,
            f"account {usage.account}: {forecast(usage)}",
            usage.used,
            "calls",
        )
        for usage in budgets.values()
    ]


def _is_scarce(usage: Usage) -> bool:
    nothing_left = usage.blocked_until is not None or usage.free_at is not None
    return nothing_left or usage.used >= NEARLY_SPENT * usage.limit
