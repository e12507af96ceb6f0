"""explain: says why a change was found, what every rule said of it, and what came of that.

Rules are not remembered, they are judged again: with those of the change's day, at the change's own moment.
All is read in one transaction of the caller's, and nothing is written.
"""

from collections import Counter
from dataclasses import replace
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from service.budget.usage import read_call
from service.changes.types import App
from service.handlers.filtering import RunFilter
from service.handlers.listing import RunDetail, list_runs, show_run
from service.inbox.listing import list_deliveries
from service.pipeline.explaining.explanation import Explanation, Fetch, Merge, RuleExplanation, Standing
from service.records.listing import ChangeDetail, count_changes_of_call, show_change
from service.rulebooks.kept_changes import read_kept_change
from service.rulebooks.repository import read_rulebook
from service.rules.keeping import KeptRules
from service.rules.matcher import Verdict
from service.rules.rejudging import Judge, KeptChange

_DELIVERIES_SHOWN = 20
_DELIVERIES_COUNTED = 1000
_RUNS_SHOWN = 200


async def explain_change(connection: AsyncConnection, change_id: UUID) -> Explanation:
    """Explain one change. Raises NotFoundError."""
    kept = await read_kept_change(connection, change_id)
    change = await show_change(connection, change_id)
    rules = await read_rulebook(connection, kept.rules_digest)
    explained = _without_rules(kept) if rules is None else _by_rules(rules, kept)
    return Explanation(
        change=change,
        app_name=kept.change.app.name,
        merge=await _merge(connection, change),
        fetch=await _fetch(connection, change),
        rules_digest=kept.rules_digest,
        rules_kept=rules is not None,
        rules=explained,
        other_rules=0 if rules is None else len(rules.rules) - len(explained),
        runs=await _runs(connection, change_id),
    )


async def _merge(connection: AsyncConnection, change: ChangeDetail) -> Merge:
    newest_first = await list_deliveries(connection, change_id=change.id, limit=_DELIVERIES_COUNTED)
    kept = newest_first[::-1]
    return Merge(
        deliveries=change.deliveries,
        first_received_at=change.first_received_at,
        last_received_at=max((each.received_at for each in kept), default=None),
        kinds=dict(Counter(each.kind or "unknown" for each in kept)),
        kept=kept[:_DELIVERIES_SHOWN],
    )


async def _fetch(connection: AsyncConnection, change: ChangeDetail) -> Fetch | None:
    if change.call_id is None:
        return None
    return Fetch(
        call_id=change.call_id,
        call=await read_call(connection, change.call_id),
        changes=await count_changes_of_call(connection, change.call_id, stored_at=change.created_at),
    )


async def _runs(connection: AsyncConnection, change_id: UUID) -> list[RunDetail]:
    newest_first = await list_runs(connection, RunFilter(change_id=change_id), limit=_RUNS_SHOWN)
    return [await show_run(connection, run.id) for run in reversed(newest_first)]


def _by_rules(rules: KeptRules, kept: KeptChange) -> list[RuleExplanation]:
    then = _as_named_then(rules, kept)
    return [_explained(rejudged.final, kept) for rejudged in Judge(rules).judge(then)]


def _as_named_then(rules: KeptRules, kept: KeptChange) -> KeptChange:
    """Give the app the name by which the rules of that day named it, if it has another one now."""
    change, said = kept.change, kept.verdicts or {}
    names = (
        rule.app
        for rule in rules.rules
        if rule.account == change.account and rule.name in said and rule.app != change.app.id
    )
    name = next(names, change.app.name)
    return replace(kept, change=replace(change, app=App(change.app.id, name)))


def _explained(verdict: Verdict, kept: KeptChange) -> RuleExplanation:
    said = kept.verdicts
    known = said is not None and verdict.rule in said
    stored = said[verdict.rule] if said is not None and known else None
    return RuleExplanation(
        rule=verdict.rule,
        standing=Standing.of(verdict),
        reason=verdict.reason,
        decided_by=verdict.decided_by,
        clauses=verdict.clauses,
        said_then=(stored or Standing.MATCHES.value) if known else None,
        differs=known and stored != verdict.decided_by,
    )


def _without_rules(kept: KeptChange) -> list[RuleExplanation]:
    return [
        RuleExplanation(
            rule=rule,
            standing=Standing.MATCHES if decided_by is None else Standing.DOES_NOT_MATCH,
            reason="it matched" if decided_by is None else f"decided by {decided_by}",
            decided_by=decided_by,
            clauses=(),
            said_then=decided_by or Standing.MATCHES.value,
            differs=False,
        )
        for rule, decided_by in (kept.verdicts or {}).items()
    ]
