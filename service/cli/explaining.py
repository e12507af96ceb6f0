"""How an explanation of a change reads on a terminal."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from service.cli.output import when
from service.clock import format_duration

if TYPE_CHECKING:
    from service.handlers.listing import RunDetail
    from service.pipeline.explaining.explanation import Explanation, Fetch, Merge, RuleExplanation
    from service.records.listing import ChangeDetail
    from service.rules.clause import Clause

_TRUTHS = {True: "yes", False: "no ", None: "?  "}


def explanation_lines(explanation: "Explanation") -> Iterator[str]:
    """Tell what was found, how, what each rule said of it, and what was run."""
    change = explanation.change
    kind = "create (restored)" if change.restored else change.kind
    yield f"{kind} of record {change.record_id} in app {explanation.app_name} of account {change.account}"
    yield f"  change {change.id}, version {change.version}, stored {when(change.created_at)} UTC"
    yield f"  found by {change.origin}"
    yield from _diff_lines(change)
    yield ""
    yield from _merge_lines(explanation.merge)
    yield from _fetch_lines(explanation.fetch)
    yield ""
    yield from _rules_lines(explanation)
    yield ""
    yield from _runs_lines(explanation.runs)


def clause_lines(clauses: "Iterable[Clause]", indent: str) -> Iterator[str]:
    """Tell how each clause stood, those inside others further to the right."""
    from service.rules.values import shown

    for clause in clauses:
        told = str(clause)
        if clause.inner:
            asks = clause.expected if isinstance(clause.expected, str) else shown(clause.expected)
            told = f"{clause.path}: {asks}"
        yield f"{indent}{_TRUTHS[clause.ok]} {told}"
        yield from clause_lines(clause.inner, f"{indent}  ")


def _diff_lines(change: "ChangeDetail") -> Iterator[str]:
    from service.rules.values import shown

    if change.diff is None:
        yield "  no diff: there is none for a create, a first sight or a delete"
        return
    for field, sides in change.diff.items():
        yield f"  {field}: {shown(sides['before'])} -> {shown(sides['after'])}"
    if not change.diff:
        yield "  nothing differs: a rule with `unchanged: true` asked for it"


def _merge_lines(merge: "Merge") -> Iterator[str]:
    if not merge.deliveries:
        yield "Deliveries: none told of it"
        return
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(merge.kinds.items()))
    together = " settled together" if merge.deliveries > 1 else ""
    yield f"Deliveries: {merge.deliveries}{together}" + (f" ({kinds})" if kinds else "")
    if merge.first_received_at is not None:
        came = f"  came in at {when(merge.first_received_at)} UTC"
        last = merge.last_received_at
        apart = None if last is None else format_duration(last - merge.first_received_at)
        yield f"{came}, the last one {apart} later" if apart and merge.deliveries > 1 else came
    if merge.kept:
        more = " ..." if merge.deliveries > len(merge.kept) else ""
        yield f"  ids: {', '.join(str(each.id) for each in merge.kept)}{more}"


def _fetch_lines(fetch: "Fetch | None") -> Iterator[str]:
    if fetch is None:
        yield "Look: no API call is known"
        return
    shared = "this change alone" if fetch.changes <= 1 else f"{fetch.changes} changes, which share its price"
    yield f"Look: API call {fetch.call_id} showed {shared}"
    if fetch.call is None:
        yield "  the call itself is not kept any more"
        return
    status = "no answer" if fetch.call.status is None else f"answer {fetch.call.status}"
    yield f"  {fetch.call.endpoint} ({fetch.call.lane}), begun {when(fetch.call.started_at)} UTC, {status}"


def _rules_lines(explanation: "Explanation") -> Iterator[str]:
    digest = explanation.rules_digest[:12]
    if explanation.rules_kept:
        yield f"Rules of the app, judged again by the rules of that day (digest {digest}):"
    else:
        yield f"Rules of the app as they judged then; the rules themselves are not kept (digest {digest}):"
    if not explanation.rules:
        yield "  none"
    for rule in explanation.rules:
        yield from _rule_lines(rule)
    if explanation.other_rules:
        yield f"  and {explanation.other_rules} for other apps"


def _rule_lines(rule: "RuleExplanation") -> Iterator[str]:
    told = f"decided by {rule.decided_by}" if rule.decided_by and rule.clauses else rule.reason
    yield f"  {rule.rule} {rule.standing.value}: {told}"
    if rule.differs:
        yield f"    this differs from what was stored with the change: {rule.said_then}"
    yield from clause_lines(rule.clauses, "    ")


def _runs_lines(runs: "list[RunDetail]") -> Iterator[str]:
    yield "Runs:" if runs else "Runs: none"
    for run in runs:
        replayed = f", replay {run.replay}" if run.replay else ""
        yield f"  {run.rule} -> {run.handler}: {run.status} ({run.id}{replayed})"
        if run.links is not None:
            yield from _links_lines(run)
        for each in run.tries:
            error = f": {each.error}" if each.error else ""
            yield f"    try {each.number}, {when(each.started_at)} UTC: {each.outcome or 'under way'}{error}"
        if run.error and not any(each.error == run.error for each in run.tries):
            yield f"    {run.error}"


def _links_lines(run: "RunDetail") -> Iterator[str]:
    links = run.links
    if links is None:
        return
    state = "being fetched" if links.finished_at is None else "fetched"
    yield f"    linked records of {', '.join(links.paths)}: {state}"
    for path, ids in (links.gaps or {}).items():
        if ids:
            yield f"    not to be had at {path}: {', '.join(ids)}"
    if links.reason:
        yield f"    {links.reason}"
