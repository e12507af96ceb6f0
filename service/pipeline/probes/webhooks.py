"""Whether every app that a rule names has its webhooks, and whether the provider was asked. Pure."""

from collections.abc import Sequence

from service.changes.types import Kind
from service.pipeline.probes.checks import Check, Status
from service.pipeline.probes.expected import Expected
from service.pipeline.probes.wording import named, spell
from service.registrations.drifts import DriftView
from service.registrations.listing import RegistrationView

UNCOMPARED_WARNS = 3
"""So many times in a row the provider did not say what webhooks it has."""


def judge_registrations(active: Sequence[RegistrationView], expected: Expected) -> list[Check]:
    """One check for each account: all three kinds of every app, named by id or by exact name.

    Where the provider has no API for webhooks none is missing: people set up those that there are.
    """
    served = {
        (each.account, app, each.kind) for each in active for app in (each.app_id, each.app_name) if app
    }
    return [
        _judge_account(
            account,
            missing=[
                f"{app} ({kind})"
                for app in apps
                for kind in Kind
                if (account, app, kind) not in served and account not in expected.unregistered
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


def compared(drift: DriftView) -> str:
    """Say when an account's webhooks were compared last, and what became of it."""
    told = "never compared with the provider"
    if drift.compared_at is not None:
        told = f"compared with the provider {spell(drift.moment - drift.compared_at)} ago"
    if drift.mended:
        told += f", {drift.mended} mended so far"
    if drift.failures >= UNCOMPARED_WARNS:
        told += f"; it gave no answer {drift.failures} times since: {drift.error}"
    return told


def _judge_drift(drift: DriftView) -> Check:
    status = Status.WARN if drift.failures >= UNCOMPARED_WARNS else Status.PASS
    return Check(status, f"account {drift.account}: {compared(drift)}", drift.differences, "differences")
