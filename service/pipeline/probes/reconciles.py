"""Whether what no webhook told of is looked for, how often, and how much of it there is. Pure."""

from collections.abc import Sequence
from datetime import timedelta

from service.pipeline.probes.checks import Check, Status
from service.pipeline.probes.expected import Expected
from service.pipeline.probes.wording import named, spell
from service.reconciles.listing import ReconcileView
from service.records.origins import Origins

LATE_WARNS = timedelta(minutes=10)
"""So long after it was due a round has found no process, or no calls."""
FAILURES_WARN = 3


def judge_reconciles(
    reconciles: Sequence[ReconcileView], origins: Sequence[Origins], expected: Expected
) -> list[Check]:
    """One check for each account that rules name and that was reconciled at least once."""
    lost = {each.account: each.lost_per_10000 for each in origins}
    by_account: dict[str, list[ReconcileView]] = {}
    for each in reconciles:
        if expected.apps.get(each.account):
            by_account.setdefault(each.account, []).append(each)
    return [_judge(account, rounds, lost.get(account, 0.0)) for account, rounds in by_account.items()]


def _judge(account: str, rounds: Sequence[ReconcileView], lost: float) -> Check:
    troubles = [
        *_of(rounds, "failed", [each for each in rounds if each.failures >= FAILURES_WARN]),
        *_of(rounds, "are late for a round", [each for each in rounds if each.late > LATE_WARNS]),
        *_of(rounds, "can't be listed by last_modified", [each for each in rounds if not each.sortable]),
    ]
    period = max((each.period for each in rounds if each.period is not None), default=None)
    told = f"account {account}: reconciled" + (f" every {spell(period)}" if period else "")
    told += f"; of 10000 changes in a day {lost:.0f} came without a webhook"
    gone = sum(each.gone for each in rounds)
    if gone:
        told += f"; {gone} deletions are to be named by a full sweep"
    output = "; ".join([told, *troubles])
    ages = [each.moment - each.ended_at for each in rounds if each.ended_at is not None]
    oldest = round(max(ages, default=timedelta(0)).total_seconds(), 1)
    return Check(Status.WARN if troubles else Status.PASS, output, oldest, "s")


def _of(rounds: Sequence[ReconcileView], what: str, found: Sequence[ReconcileView]) -> list[str]:
    if not found:
        return []
    why = next((each.error for each in found if each.error), None)
    names = named([each.app_name or each.app_id for each in found])
    return [f"{len(found)} of {len(rounds)} apps {what} ({names})" + (f": {why}" if why else "")]
