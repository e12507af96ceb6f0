"""Which rules apply to a change, and why. Pure: the moment is the change's own, so a replay judges alike.

A rule whose judging fails does not match: it fails closed, says so, and stops no other rule.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from service.changes.types import Change, Kind
from service.rules.before import state_before
from service.rules.clause import Clause
from service.rules.clauses import Subject, changed_clauses, when_clauses
from service.rules.linked import Linked
from service.rules.schema import Rule

FAILED = "error"
"""What decided of a rule whose judging failed."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a rule applies to a change."""

    rule: str
    matched: bool
    """With `awaits_links`: as far as it can be known now."""
    reason: str
    """For people: what decided it."""
    clauses: tuple[Clause, ...] = ()
    """How each clause of `when`, `when_before` and `changed` stood; empty where they were not looked at."""
    decided_by: str | None = None
    """None: it matched. Else `account`, `app`, `kind`, `own write`, `changed`, `unknown state`, `error`, or
    the path of the first clause that does not hold."""
    awaits_links: bool = False
    """Whether it hangs on linked records that were not given."""


@dataclass(frozen=True, slots=True)
class _Miss:
    """Why a rule does not apply, before its clauses are looked at."""

    decided_by: str
    reason: str


class Matcher:
    """Judges changes by the rules of a configuration."""

    def __init__(self, rules: Sequence[Rule], timezones: Mapping[str, tzinfo]) -> None:
        """`timezones` by account, for days (`is_today` and the like); UTC where an account is not named."""
        self._rules, self._timezones = tuple(rules), dict(timezones)

    def match(
        self,
        change: Change,
        app_names: Mapping[str, str],
        *,
        hidden_from: Collection[str] = (),
        linked: Linked | None = None,
    ) -> list[Verdict]:
        """One verdict per rule, in the order of the rules.

        `app_names` says which app id stands behind an app as a rule names it; `hidden_from` are the rules
        that made this change themselves; with `linked` (None: not known yet) no verdict awaits links.
        """
        now = change.created_at.astimezone(self._timezones.get(change.account, UTC))
        return [
            _missed(rule, change, app_names, hidden_from) or _verdict(rule, change, now, linked)
            for rule in self._rules
        ]


def _missed(
    rule: Rule, change: Change, app_names: Mapping[str, str], hidden_from: Collection[str]
) -> Verdict | None:
    """The verdict where no clause needs to be looked at."""
    miss = _scope_miss(rule, change, app_names)
    if miss is None and rule.name in hidden_from:
        miss = _Miss("own write", "own write: the rule made this change itself")
    miss = miss or _changed_miss(rule, change) or _unknown_state(rule, change)
    if miss is None:
        return None
    return Verdict(rule.name, matched=False, reason=miss.reason, decided_by=miss.decided_by)


def _verdict(rule: Rule, change: Change, now: datetime, linked: Linked | None) -> Verdict:
    try:
        return _judged(rule, change, tuple(_clauses(rule, change, now, linked)))
    except Exception as error:  # noqa: BLE001  one rule's failure must not stop the others
        reason = f"judging the rule failed: {type(error).__name__}: {error}"
        return Verdict(rule.name, matched=False, reason=reason, decided_by=FAILED)


def _clauses(rule: Rule, change: Change, now: datetime, linked: Linked | None) -> Iterator[Clause]:
    if rule.when is not None and change.record is not None:
        yield from when_clauses(rule.when, Subject(change, change.record, now, linked))
    if rule.when_before is not None:
        yield from when_clauses(rule.when_before, Subject(change, state_before(change), now), "when_before")
    if rule.changed is not None and change.diff is not None:
        yield from changed_clauses(rule.changed, change.diff, now)


def _judged(rule: Rule, change: Change, clauses: tuple[Clause, ...]) -> Verdict:
    failed = next((clause for clause in clauses if clause.ok is False), None)
    if failed is not None:
        return Verdict(rule.name, matched=False, reason=str(failed), clauses=clauses, decided_by=failed.path)
    open_one = next((clause for clause in clauses if clause.ok is None), None)
    if open_one is not None:
        reason = f"{open_one.path} {open_one.reason or 'is open'}"
        return Verdict(rule.name, matched=True, reason=reason, clauses=clauses, awaits_links=True)
    held = f"all {len(clauses)} clauses hold" if len(clauses) > 1 else "its clause holds"
    return Verdict(
        rule.name,
        matched=True,
        reason=held if clauses else f"applies to every {change.kind}",
        clauses=clauses,
    )


def _scope_miss(rule: Rule, change: Change, app_names: Mapping[str, str]) -> _Miss | None:
    if rule.account != change.account:
        return _Miss("account", f"the rule is for account {rule.account}")
    if change.app.id not in (rule.app, app_names.get(rule.app)):
        return _Miss("app", f"the rule is for app {rule.app}")
    if change.kind not in rule.on:
        return _Miss("kind", f"the rule is on {', '.join(sorted(rule.on))}, not on {change.kind}")
    return None


def _changed_miss(rule: Rule, change: Change) -> _Miss | None:
    """`changed` asks for a diff, which only an update of a record that we had seen before has."""
    if change.diff is not None and not change.diff and not rule.unchanged:
        return _Miss("changed", "nothing differs")
    if rule.changed is None:
        return None
    if change.kind is not Kind.UPDATE:
        return _Miss("changed", f"`changed` never matches a {change.kind}")
    return _Miss("changed", "`changed` never matches at first sight") if change.diff is None else None


def _unknown_state(rule: Rule, change: Change) -> _Miss | None:
    if change.record is None and (rule.when is not None or rule.when_before is not None):
        return _Miss("unknown state", "the record's last state is unknown")
    if rule.when_before is None or change.kind is Kind.DELETE:
        return None
    if change.kind is Kind.CREATE:
        back = "restored record: its state before is not known" if change.restored else "create"
        return _Miss("unknown state", f"`when_before` never matches a {back}")
    if change.diff is None:
        return _Miss("unknown state", "`when_before` never matches at first sight")
    return None
