"""Rules against the apps that they name: what would never hold, or never means what was meant. Pure.

Nothing is held against a rule that is not known for sure: an app of which nothing is known, a field whose
kind nobody tells and a condition on it all pass.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from service.rules.changed import Transition
from service.rules.known_fields import AccountApps, AppFields, FieldKind, KnownField, NotALinkError
from service.rules.operand_checks import wrong_operands, wrong_sides
from service.rules.problems import Finding, KeyPath, nearest
from service.rules.schema import Rule
from service.rules.when import FieldConditions, When


@dataclass(frozen=True, slots=True)
class RuleFinding:
    """Something wrong with one rule."""

    rule: str
    finding: Finding


@dataclass(frozen=True, slots=True)
class Unchecked:
    """A rule that could not be checked: of its app nothing is known yet."""

    rule: str
    account: str
    app: str
    applied: bool = False
    """Whether `webhooks apply` has stored the app; its fields may still be unknown."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check of all rules found."""

    findings: tuple[RuleFinding, ...] = ()
    unchecked: tuple[Unchecked, ...] = ()
    unapplied: tuple[Unchecked, ...] = ()
    """Rules that were checked, of apps that no webhook is registered for yet."""

    @property
    def broken(self) -> dict[str, tuple[Finding, ...]]:
        """The findings by rule."""
        found: dict[str, tuple[Finding, ...]] = {}
        for each in self.findings:
            found[each.rule] = (*found.get(each.rule, ()), each.finding)
        return found


def check_rules(rules: Sequence[Rule], known: Mapping[str, AccountApps]) -> Checked:
    """Check every rule, in their order, against the apps of its account."""
    findings: list[RuleFinding] = []
    unchecked: list[Unchecked] = []
    unapplied: list[Unchecked] = []
    for index, rule in enumerate(rules):
        apps = known.get(rule.account, AccountApps())
        meant = apps.meant(rule.app)
        if wrong := _wrong_app(rule, meant, apps):
            findings.append(RuleFinding(rule.name, Finding(("rules", index, "app"), *wrong)))
            continue
        app = apps.apps.get(meant[0]) if meant else None
        applied = bool(meant) and meant[0] in apps.applied
        if app is None or not app.fields:
            unchecked.append(Unchecked(rule.name, rule.account, rule.app, applied))
            continue
        if not applied:
            unapplied.append(Unchecked(rule.name, rule.account, rule.app))
        check = _RuleCheck(rule, ("rules", index), app, apps)
        findings.extend(RuleFinding(rule.name, finding) for finding in check.findings())
    return Checked(tuple(findings), tuple(unchecked), tuple(unapplied))


def _wrong_app(rule: Rule, meant: tuple[str, ...], apps: AccountApps) -> tuple[str, str | None] | None:
    if len(meant) > 1:
        candidates = ", ".join(f"`{each}`" for each in meant)
        return (
            f"`{rule.app}` is the name of {len(meant)} apps",
            f"write the id of the one you mean: {candidates}",
        )
    if not apps.complete or (meant and meant[0] in apps.apps):
        return None
    if meant:
        message = f"the token of account {rule.account} no longer sees app `{rule.app}`"
        return message, "give its user access to the app, or remove the rule"
    names = [name for app in apps.apps.values() for name in (app.name, app.id) if name]
    remedy = nearest(rule.app, names) or "`relay apps` lists those that it sees"
    return f"the token of account {rule.account} sees no app of the id or exact name `{rule.app}`", remedy


@dataclass(frozen=True, slots=True)
class _RuleCheck:
    """The check of one rule on one app."""

    rule: Rule
    path: KeyPath
    app: AppFields
    apps: AccountApps

    def findings(self) -> Iterator[Finding]:
        for key, when in (("when", self.rule.when), ("when_before", self.rule.when_before)):
            if when is not None:
                yield from self._check_when(when, (*self.path, key))
        yield from self._check_changed(self.rule.changed, (*self.path, "changed"))
        for index, link_path in enumerate(self.rule.expand):
            yield from self._check_link(link_path, (*self.path, "expand", index))

    def _check_when(self, when: When, path: KeyPath) -> Iterator[Finding]:
        for way, each in when.walk(path):
            for field_path, conditions in each.fields.items():
                yield from self._check_conditions(field_path, conditions, (*way, field_path))
            if each.of_change is not None:
                yield from self._check_changed(each.of_change.changed, (*way, "change", "changed"))

    def _check_conditions(
        self, field_path: str, conditions: FieldConditions, path: KeyPath
    ) -> Iterator[Finding]:
        try:
            end = self.apps.follow(self.app, field_path)
        except NotALinkError as error:
            yield Finding(path, error.message, error.remedy, at_key=True)
            return
        if end is None:
            return
        app, field_id = end
        if field_id not in app.fields:
            yield Finding(path, *app.missing(field_id), at_key=True)
            return
        for name, operand in conditions.written():
            for wrong in wrong_operands(name, operand, app.fields[field_id]):
                yield Finding((*path, name, *wrong.path), wrong.message, wrong.remedy)

    def _check_changed(
        self, changed: Sequence[str] | Mapping[str, Transition | str] | None, path: KeyPath
    ) -> Iterator[Finding]:
        if not isinstance(changed, Mapping):
            for index, field_id in enumerate(changed or ()):
                if field_id not in self.app.fields:
                    yield Finding((*path, index), *self.app.missing(field_id))
            return
        for field_id, happened in changed.items():
            known = self.app.fields.get(field_id)
            if known is None:
                yield Finding((*path, field_id), *self.app.missing(field_id), at_key=True)
            elif isinstance(happened, Transition):
                yield from _check_sides(happened, known, (*path, field_id))

    def _check_link(self, link_path: str, path: KeyPath) -> Iterator[Finding]:
        try:
            end = self.apps.follow(self.app, link_path)
        except NotALinkError as error:
            yield Finding(path, error.message, error.remedy)
            return
        if end is None:
            return
        app, field_id = end
        known = app.fields.get(field_id)
        if known is None:
            yield Finding(path, *app.missing(field_id))
        elif known.kind not in {FieldKind.LINKS, FieldKind.ANY}:
            yield Finding(
                path, f"`{field_id}` holds {known.kind}, and only linked records can be fetched too"
            )


def _check_sides(happened: Transition, known: KnownField, path: KeyPath) -> Iterator[Finding]:
    for side, wrong in wrong_sides(dict(happened.written()), known):
        yield Finding((*path, side, *wrong.path), wrong.message, wrong.remedy)
