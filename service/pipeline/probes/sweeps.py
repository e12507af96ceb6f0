"""Whether all records of each app are read now and then, how long that took, when it is due again. Pure."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from service.budget.lanes import Limit
from service.clock import iso
from service.pipeline.probes.checks import Check, Status
from service.pipeline.probes.expected import Expected
from service.pipeline.probes.wording import named, spell
from service.walks.due import due_at
from service.walks.standing import Standing, UnderWay

_LATE = 2
"""Times the period: whoever has not ended for so long is slower than wanted."""


def judge_sweeps(sweeps: Mapping[str, Sequence[Standing]], expected: Expected) -> list[Check]:
    """One check for each account of which an app that rules name was read to its end."""
    checks = []
    for account, standings in sweeps.items():
        names = set(expected.apps.get(account, ()))
        read = [each for each in standings if not names.isdisjoint({each.app_id, each.name})]
        if any(each.ended is not None for each in read):
            every = expected.full_sweeps.get(account, timedelta(days=1))
            checks.append(_judge(account, read, every, expected.limits[account]))
    return checks


def _judge(account: str, apps: Sequence[Standing], every: timedelta, limit: Limit) -> Check:
    longest = max((each for each in apps if each.ended), key=_took)
    told = f"account {account}: the longest last full sweep took {spell(_took(longest))} ({longest.name})"
    under_way = [(each.name, each.under_way) for each in apps if each.under_way is not None]
    if under_way:
        told += f"; under way: {named([_progress(name, each) for name, each in under_way])}"
    else:
        following = min(apps, key=lambda each: due_at(each, every=every, limit=limit))
        if following.ended is not None:
            at = iso(due_at(following, every=every, limit=limit))
            told += f"; the next is due at {at} ({following.name})"
    late = [each.name for each in apps if each.ended and each.moment - each.ended.ended_at > every * _LATE]
    missed = [each.name for each in apps if each.ended and each.ended.missing]
    failing = [f"{name}: {each.error}" for name, each in under_way if each.error]
    troubles = [
        *([f"no full sweep ended for {spell(every * _LATE)}: {named(late)}"] if late else []),
        *([f"the provider counts more records than it lists: {named(missed)}"] if missed else []),
        *([f"failing: {named(failing)}"] if failing else []),
    ]
    status = Status.WARN if troubles else Status.PASS
    return Check(status, "; ".join([told, *troubles]), round(_took(longest).total_seconds(), 1), "s")


def _took(standing: Standing) -> timedelta:
    return timedelta(0) if standing.ended is None else standing.ended.took


def _progress(name: str, under_way: UnderWay) -> str:
    of = "" if under_way.expected is None else f" of {under_way.expected}"
    return f"{name} ({under_way.seen}{of} records)"
