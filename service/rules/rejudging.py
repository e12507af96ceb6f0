"""Judging changes again that were judged and stored before. Pure.

A rule says the same of a change whenever it is asked: its moment is the change's own, rules that had made the
change themselves stay hidden from it, and linked records are those that were fetched then.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from service.changes.types import Change, Fields
from service.rules.expand import split_path
from service.rules.keeping import KeptRules
from service.rules.linked import Linked, is_link_path
from service.rules.matcher import Matcher, Verdict
from service.rules.schema import Rule

OWN_WRITE = "own write"
"""What decided, where a rule had made the change itself (`Verdict.decided_by`)."""


@dataclass(frozen=True, slots=True)
class KeptChange:
    """A change with all that is kept of how it was judged."""

    change: Change
    rules_digest: str
    verdicts: Mapping[str, str | None] | None
    """What the rules of its app said: None for those that matched, else what decided. None: not kept."""
    fired: Collection[str]
    """The rules whose handlers were run then; those that linked records held back are not among them."""
    linked: Mapping[str, Linked]
    """By rule, the linked records that were fetched for it then."""

    @property
    def hidden_from(self) -> frozenset[str]:
        """The rules that had made this change themselves."""
        return frozenset(rule for rule, said in (self.verdicts or {}).items() if said == OWN_WRITE)


@dataclass(frozen=True, slots=True)
class Rejudged:
    """What a rule says of a change that is judged again."""

    first: Verdict
    """As at the change's own moment: before any linked record was fetched."""
    final: Verdict
    """With the linked records. It awaits links: those that it asks for were not fetched."""


class Judge:
    """Judges stored changes by some rules: those of their day, today's, or others."""

    def __init__(self, kept: KeptRules, *, only: Collection[str] | None = None) -> None:
        """`only`: judge by these rules alone."""
        self._rules = {rule.name: rule for rule in kept.rules if only is None or rule.name in only}
        self._timezones = kept.timezones
        self._matchers: dict[tuple[str, str, str], Matcher] = {}

    @property
    def rules(self) -> Mapping[str, Rule]:
        """The rules, by name, in their order."""
        return self._rules

    def judge(self, kept: KeptChange) -> list[Rejudged]:
        """Say it for each rule of the change's app, in the order of the rules."""
        change, hidden = kept.change, kept.hidden_from
        verdicts = self._matcher_for(change).match(
            change, {change.app.name: change.app.id}, hidden_from=hidden
        )
        return [
            Rejudged(verdict, self._with_links(kept, verdict) if verdict.awaits_links else verdict)
            for verdict in verdicts
        ]

    def _matcher_for(self, change: Change) -> Matcher:
        """Only the rules of the change's app: most rules are for others, and there may be many changes."""
        key = (change.account, change.app.id, change.app.name)
        if key not in self._matchers:
            _, *names = key
            rules = [
                rule for rule in self._rules.values() if rule.account == change.account and rule.app in names
            ]
            self._matchers[key] = Matcher(rules, self._timezones)
        return self._matchers[key]

    def _with_links(self, kept: KeptChange, first: Verdict) -> Verdict:
        linked = _linked_for(self._rules[first.rule], kept)
        if linked is None:
            return first
        change = kept.change
        (final,) = Matcher([self._rules[first.rule]], self._timezones).match(
            change, {change.app.name: change.app.id}, hidden_from=kept.hidden_from, linked=linked
        )
        return final


def _linked_for(rule: Rule, kept: KeptChange) -> Linked | None:
    """Give the linked records that a rule's conditions ask for; None if not all were fetched.

    What was fetched for another rule is as good, but comes second: it may be of another moment.
    """
    own = kept.linked.get(rule.name, Linked())
    others = [linked for name, linked in kept.linked.items() if name != rule.name]
    records: dict[str, Sequence[Fields]] = {}
    gaps: dict[str, Sequence[str]] = {}
    for linked in (*others, own):
        records.update(linked.records)
        gaps.update({path: linked.gaps.get(path, ()) for path in linked.records})
    asked = _link_paths(rule, kept.change)
    return Linked(records, gaps) if asked <= records.keys() else None


def _link_paths(rule: Rule, change: Change) -> set[str]:
    if rule.when is None:
        return set()
    fields = [field_path for _, when in rule.when.walk() for field_path in when.fields]
    return {".".join(split_path(each)[:-1]) for each in fields if is_link_path(each, change.record or {})}
