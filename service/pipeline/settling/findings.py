"""What a look found, as it is stored: changes, and the runs of the rules that match them.

Pure, but for a line in the log for a rule that fails.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from uuid import UUID

import structlog
from uuid_utils.compat import uuid7

from service.changes.decision import Decision
from service.changes.echo import NO_ECHO, Echo
from service.changes.types import App, Change, FieldDiff, Origin
from service.handlers.repository import NewRun
from service.inbox.batching import DueDelivery
from service.links.repository import NewExpansion
from service.pipeline.rulebook import Rulebook
from service.pipeline.settling.verdicts import leads_to_change
from service.records.repository import NewChange
from service.registrations.apps import AppView
from service.rules.matcher import FAILED, Verdict

_log = structlog.get_logger()
_ELSEWHERE = ("account", "app")
"""What decided of rules that are for another app: of these nothing is kept."""


def changes_of(
    decisions: Mapping[str, Decision], due: Mapping[str, Sequence[DueDelivery]], origin: Origin
) -> dict[str, NewChange]:
    """Give what was found an id each, by record id, and count the deliveries that led to it.

    Where hints led to it, its origin is theirs: a webhook's, if any of the look came of one; else `origin`.
    """
    changes = {}
    for record_id, decision in decisions.items():
        if decision.finding is None:
            continue
        led = [each for each in due.get(record_id, ()) if leads_to_change(decision.fates[each.hint.id])]
        changes[record_id] = NewChange(
            id=uuid7(),
            record_id=record_id,
            version=decision.snapshot.version,
            kind=decision.finding.kind,
            origin=_origin_of(due.get(record_id, ()), origin),
            restored=decision.finding.restored,
            diff=decision.finding.diff,
            record=decision.finding.record,
            deliveries=sum(each.hint.origin is Origin.WEBHOOK for each in led),
            first_received_at=min((each.received_at for each in led), default=None),
        )
    return changes


def _origin_of(due: Sequence[DueDelivery], otherwise: Origin) -> Origin:
    origins = [each.hint.origin for each in due]
    return Origin.WEBHOOK if Origin.WEBHOOK in origins else next(iter(origins), otherwise)


def with_echoes(changes: Mapping[str, NewChange], echoes: Mapping[str, Echo]) -> dict[str, NewChange]:
    """Say of changes what is known by our own writes; both by record id.

    Those of which all comes of them are echoes; of others it is kept which fields do. A field that we wrote
    and somebody then edited was, before that edit, what we wrote, although no look has shown it.
    """
    return {
        record_id: _with_echo(change, echoes.get(record_id, NO_ECHO)) for record_id, change in changes.items()
    }


def _with_echo(change: NewChange, echo: Echo) -> NewChange:
    if echo.complete:
        return replace(change, origin=Origin.ECHO)
    if change.diff is None:
        return change
    before = {name: FieldDiff(was, change.diff[name].after) for name, was in echo.overwritten.items()}
    return replace(change, diff={**change.diff, **before}, echoed=echo.echoed)


def seen_by_rules(new: NewChange, view: AppView, *, account: str, provider: str, app_id: str) -> Change:
    """Give a change the form in which rules look at it."""
    return Change(
        id=new.id,
        account=account,
        provider=provider,
        app=App(app_id, view.name),
        record_id=new.record_id,
        kind=new.kind,
        origin=new.origin,
        version=new.version,
        record=new.record,
        diff=new.diff,
        created_at=view.now,
        restored=new.restored,
        echoed=new.echoed,
        deliveries=new.deliveries,
    )


@dataclass(frozen=True, slots=True)
class Judged:
    """What the rules said of some changes."""

    runs: list[NewRun]
    """Of the rules that match, in the order of the changes."""
    verdicts: dict[UUID, dict[str, str | None]]
    """By change and rule of its app: None, or what decided that the rule does not match."""


def judge_changes(
    changes: Sequence[Change],
    view: AppView,
    rulebook: Rulebook,
    echoes: Mapping[str, Echo] = MappingProxyType({}),
) -> Judged:
    """Judge changes of one app by all rules, `echoes` by record id. Raises what a rule raises."""
    judged = Judged([], {})
    for change in changes:
        hidden_from = echoes.get(change.record_id, NO_ECHO).hidden_from
        verdicts = [
            verdict
            for verdict in rulebook.matcher.match(change, {view.name: change.app.id}, hidden_from=hidden_from)
            if verdict.decided_by not in _ELSEWHERE
        ]
        judged.runs.extend(
            NewRun(
                uuid7(),
                change.id,
                change.record_id,
                verdict.rule,
                handler,
                rulebook.ordered[handler],
                awaits_links=verdict.rule in rulebook.expand,
            )
            for verdict in verdicts
            if verdict.matched
            for handler in rulebook.runs[verdict.rule]
        )
        _tell_failures(change, verdicts)
        judged.verdicts[change.id] = {verdict.rule: verdict.decided_by for verdict in verdicts}
    return judged


def _tell_failures(change: Change, verdicts: Sequence[Verdict]) -> None:
    for verdict in verdicts:
        if verdict.decided_by == FAILED:
            _log.warning("rule.failed", rule=verdict.rule, change=str(change.id), error=verdict.reason)


def expansions_of(runs: Sequence[NewRun], rulebook: Rulebook) -> list[NewExpansion]:
    """The linked records that new runs await: what the handlers of one rule get, is fetched once."""
    awaited = dict.fromkeys((run.change_id, run.rule) for run in runs if run.awaits_links)
    return [
        NewExpansion(change_id, rule, rulebook.expand[rule], rulebook.conditions.get(rule))
        for change_id, rule in awaited
    ]
