"""Which rules apply to a change, and why. Pure: the moment is the change's own, so a replay judges alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo

from service.changes.types import Change, Kind
from service.rules.clauses import Clause, changed_clauses, when_clauses
from service.rules.schema import Rule


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a rule applies to a change."""

    rule: str
    matched: bool
    reason: str
    """For people: what decided it."""
    clauses: tuple[Clause, ...] = ()
    """How each clause of `when` and `changed` stood; empty where they were not looked at."""


class Matcher:
    """Judges changes by the rules of a configuration."""

    def __init__(self, rules: Sequence[Rule], timezones: Mapping[str, tzinfo]) -> None:
        """`timezones` by account, for days (`is_today` and the like); UTC where an account is not named."""
        self._rules, self._timezones = tuple(rules), dict(timezones)

    def match(self, change: Change, app_names: Mapping[str, str]) -> list[Verdict]:
        """One verdict per rule, in the order of the rules.

        `app_names` says which app id stands behind an app as a rule names it. A rule that fails does not
        match, says so, and stops no other rule.
        """
        return [self._verdict(rule, change, app_names) for rule in self._rules]

    def _verdict(self, rule: Rule, change: Change, app_names: Mapping[str, str]) -> Verdict:
        miss = _scope_miss(rule, change, app_names) or _changed_miss(rule, change)
        if miss:
            return Verdict(rule.name, matched=False, reason=miss)
        if rule.when is not None and change.record is None:
            return Verdict(rule.name, matched=False, reason="the record's last state is unknown")
        try:
            clauses = self._clauses(rule, change)
        except Exception as error:  # noqa: BLE001  one rule's failure must not stop the others
            reason = f"judging the rule failed: {type(error).__name__}: {error}"
            return Verdict(rule.name, matched=False, reason=reason)
        failed = next((clause for clause in clauses if not clause.ok), None)
        if failed is not None:
            return Verdict(rule.name, matched=False, reason=str(failed), clauses=clauses)
        held = f"all {len(clauses)} clauses hold" if len(clauses) > 1 else "its clause holds"
        return Verdict(
            rule.name,
            matched=True,
            reason=held if clauses else f"applies to every {change.kind}",
            clauses=clauses,
        )

    def _clauses(self, rule: Rule, change: Change) -> tuple[Clause, ...]:
        now = change.created_at.astimezone(self._timezones.get(rule.account, UTC))
        clauses: tuple[Clause, ...] = ()
        if rule.when is not None and change.record is not None:
            clauses += when_clauses(rule.when, change.record, now)
        if rule.changed is not None and change.diff is not None:
            clauses += changed_clauses(rule.changed, change.diff, now)
        return clauses


def _scope_miss(rule: Rule, change: Change, app_names: Mapping[str, str]) -> str | None:
    if rule.account != change.account:
        return f"the rule is for account {rule.account}"
    if change.app.id not in (rule.app, app_names.get(rule.app)):
        return f"the rule is for app {rule.app}"
    if change.kind not in rule.on:
        return f"the rule is on {', '.join(sorted(rule.on))}, not on {change.kind}"
    return None


def _changed_miss(rule: Rule, change: Change) -> str | None:
    """`changed` asks for a diff, which only an update of a record that we had seen before has."""
    if rule.changed is None:
        return None
    if change.kind is not Kind.UPDATE:
        return f"`changed` never matches a {change.kind}"
    return "`changed` never matches at first sight" if change.diff is None else None
