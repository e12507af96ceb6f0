"""Whether the work moves: the oldest thing that is due tells, how much there is does not. Pure."""

from collections.abc import Mapping
from datetime import timedelta

from service.budget.usage import Usage
from service.handlers.backlog import RunBacklog
from service.handlers.states import HandlerStanding
from service.inbox.backlog import DeliveryBacklog, DueApp
from service.lifecycle import RunStatus
from service.pipeline.probes.budgets import forecast, is_nearly_spent
from service.pipeline.probes.checks import Check, Status
from service.pipeline.probes.expected import Expected
from service.pipeline.probes.wording import counted, named, spell

LATE_WARNS = timedelta(seconds=60)
"""Due work begins within seconds; a minute covers a lost process (15 s) and the repair after it (30 s)."""
LATE_FAILS = timedelta(minutes=10)
"""Longer than any pause after a failure (5 min): it does not move, or never catches up."""


def judge_deliveries(backlog: DeliveryBacklog, budgets: Mapping[str, Usage]) -> list[Check]:
    """The longest due delivery of each account that is late; a spent budget explains any lateness."""
    late: dict[str, DueApp] = {}
    for app in backlog.due:  # the longest due first
        if app.age > LATE_WARNS:
            late.setdefault(app.account, app)
    checks = [_judge_late(app, budgets.get(app.account)) for app in late.values()]
    if not checks:
        oldest = max((app.age for app in backlog.due), default=timedelta(0))
        checks.append(Check(Status.PASS, "the longest due delivery", round(oldest.total_seconds(), 1), "s"))
    checks.append(Check(Status.PASS, "not finished", backlog.unfinished, "deliveries"))
    if backlog.dead:
        dead = counted(backlog.dead, "delivery is", "deliveries are")
        output = f"{dead} dead: `relay deliveries list --status dead` says why"
        checks.append(Check(Status.WARN, output, backlog.dead, "deliveries"))
    return checks


def judge_runs(backlog: RunBacklog, expected: Expected | None) -> list[Check]:
    """The longest due run of each handler that is late, runs that are held, runs that are dead.

    Runs of a handler that is paused, or left alone for failing, are not late: of the latter an alarm tells.
    """
    known = [each for each in backlog.ready if expected is None or each.handler in expected.handlers]
    held_back = {standing.handler for standing in backlog.held_back}
    begin = [each for each in known if each.handler not in held_back]
    held = sorted({each.handler for each in backlog.ready} - {each.handler for each in known})
    checks = []
    for each in begin:
        if each.age is not None and each.age > LATE_WARNS:
            status = Status.FAIL if each.age > LATE_FAILS else Status.WARN
            output = f"handler {each.handler}: its longest due run waits for {spell(each.age)}"
            checks.append(Check(status, output, round(each.age.total_seconds(), 1), "s"))
    if not checks:
        oldest = max((each.age for each in begin if each.age is not None), default=timedelta(0))
        checks.append(Check(Status.PASS, "the longest due run", round(oldest.total_seconds(), 1), "s"))
    ready = backlog.unfinished[RunStatus.READY]
    checks.append(Check(Status.PASS, "ready or waiting for their time", ready, "runs"))
    paused = [standing for standing in backlog.held_back if standing.paused_at is not None]
    if paused:
        output = f"paused: {named([_paused(each) for each in paused])}; `relay resume HANDLER` lets it go on"
        checks.append(Check(Status.WARN, output, len(paused), "handlers"))
    if held:
        output = f"runs are held whose handler is not in the configuration: {named(held)}"
        checks.append(Check(Status.WARN, output, len(held), "handlers"))
    if backlog.dead:
        dead = counted(backlog.dead, "run is", "runs are")
        output = f"{dead} dead: `relay runs list --status dead`, then retry or discard"
        checks.append(Check(Status.WARN, output, backlog.dead, "runs"))
    return checks


def _paused(standing: HandlerStanding) -> str:
    return f"{standing.handler} ({standing.paused_because})" if standing.paused_because else standing.handler


def _judge_late(app: DueApp, usage: Usage | None) -> Check:
    seconds = round(app.age.total_seconds(), 1)
    waits = f"account {app.account}, app {app.app_id}: a delivery is due for {spell(app.age)}"
    if usage is not None and is_nearly_spent(usage):
        return Check(Status.WARN, f"{waits}; {forecast(usage)}", seconds, "s")
    return Check(Status.FAIL if app.age > LATE_FAILS else Status.WARN, waits, seconds, "s")
