"""Whether every app that a rule names has its webhooks, and whether the provider was asked. Pure."""

from collections.abc import Sequence
from datetime import timedelta

from service.changes.types import Kind
from service.pipeline.probes.checks import Check, Status
from service.pipeline.probes.expected import Expected
from service.pipeline.probes.wording import named, spell
from service.registrations.drifts import DriftView
from service.registrations.listing import RegistrationView

UNCOMPARED_WARNS = 3
"""So many times in a row the provider did not say what webhooks it has."""


def judge_registrations(active: Sequence[RegistrationView], expected: Expected) -> list[Check]:
    """One check for each account: all three kinds of every app, named by id or by exact name."""
    served = {
        (each.account, app, each.kind) for each in active for app in (each.app_id, each.app_name) if app
    }
    return [
        _judge_account(
            account,
            missing=[
                f"{app} ({kind})" for app in apps for kind in Kind if (account, app, kind) not in served
            ],
            count=sum(each.account == account for each in active),
        )
        for account, apps in expected.apps.items()
    ]


def _judge_account(account: str, *, missing: Sequence[str], count: int) -> Check:
    if missing:
        output = f"account {account}: missing are {named(missing)}; run `relay webhooks apply`"
        return Check(Status.WARN, output, count, "registrations")
    return Check(Status.PASS, f"account {account}", count, "registrations")


def judge_drifts(drifts: Sequence[DriftView]) -> list[Check]:
    """When each account's webhooks were compared last; of those that differ, alarms tell."""
    return [_judge_drift(drift) for drift in drifts]


def _judge_drift(drift: DriftView) -> Check:
    ago = None if drift.compared_at is None else drift.moment - drift.compared_at
    told = "never" if ago is None else f"{spell(ago)} ago"
    output = f"account {drift.account}: compared with the provider {told}"
    if drift.mended:
        output += f", {drift.mended} mended so far"
    unanswered = drift.failures >= UNCOMPARED_WARNS
    if unanswered:
        output += f"; it gave no answer {drift.failures} times since: {drift.error}"
    seconds = round((ago or timedelta(0)).total_seconds(), 1)
    return Check(Status.WARN if unanswered else Status.PASS, output, seconds, "s")
