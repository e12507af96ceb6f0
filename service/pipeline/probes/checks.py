"""What health says: checks with a status each, and the worst of them all.

The words are those of draft-inadarei-api-health-check-06.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Status(StrEnum):
    """How something is, from good to bad."""

    PASS = "pass"  # noqa: S105  a word of the draft, no password
    WARN = "warn"
    """A person should look at it; nothing stands still."""
    FAIL = "fail"
    """Work stands still."""


class CheckName(StrEnum):
    """What is checked (CONTRACT §5)."""

    POSTGRES = "postgres"
    REDIS = "redis"
    WORKER = "worker"
    SCHEDULER = "scheduler"
    DELIVERIES = "deliveries"
    RUNS = "runs"
    BUDGET = "budget"
    REGISTRATIONS = "registrations"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    status: Status
    output: str | None = None
    """What it is, and what to do; may hold names and figures."""
    value: float | None = None
    unit: str | None = None


Checks = Mapping[CheckName, tuple[Check, ...]]


@dataclass(frozen=True, slots=True)
class Health:
    """All checks (one or more of each name), and when they were made."""

    checks: Checks
    time: datetime

    @property
    def status(self) -> Status:
        """The worst status of all."""
        return worst(check.status for checks in self.checks.values() for check in checks)


_BY_BADNESS = tuple(Status)


def worst(statuses: Iterable[Status]) -> Status:
    """The worst of some statuses; of none: pass."""
    return max(statuses, key=_BY_BADNESS.index, default=Status.PASS)
