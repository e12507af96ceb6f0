"""Whether every app that a rule names has its webhooks. Pure."""

from collections.abc import Sequence

from service.changes.types import Kind
from service.pipeline.probes.checks import Check, Status
from service.pipeline.probes.expected import Expected
from service.pipeline.probes.wording import named
from service.registrations.listing import RegistrationView


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
