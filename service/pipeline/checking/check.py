"""check: the rules of a configuration against what is known of the apps that they name.

Reads the database alone: the provider is asked by `refresh`, and by `webhooks apply`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from service.pipeline.checking.mapping import known_apps
from service.registrations.listings import read_applied, read_listings
from service.rules.app_checks import Checked, check_rules
from service.rules.configuration import Configuration
from service.rules.problems import Problem


@dataclass(frozen=True, slots=True)
class StoredCheck:
    """What a check found, as people read it."""

    problems: tuple[Problem, ...]
    """All that is wrong, by position."""
    broken: dict[str, tuple[Problem, ...]]
    """The same by rule."""
    hints: tuple[str, ...]
    """What could not be checked, and what to do about that."""


async def check_stored(connection: AsyncConnection, configuration: Configuration) -> StoredCheck:
    """Check all rules against the apps as they are stored."""
    known = known_apps(await read_listings(connection), await read_applied(connection))
    found = check_rules(configuration.rules, known)
    broken = {rule: configuration.invalid(findings).problems for rule, findings in found.broken.items()}
    everything = configuration.invalid(each.finding for each in found.findings).problems
    return StoredCheck(everything, broken, hints_of(found))


def hints_of(found: Checked) -> tuple[str, ...]:
    """Say which rules could not be checked, and of which apps no webhook tells yet. Pure."""
    groups: dict[str, list[str]] = {}
    for each in found.unchecked:
        why = "its fields are not known" if each.applied else "`relay webhooks apply` has not stored it yet"
        about = f"app {each.app} of account {each.account} was not checked: {why}"
        groups.setdefault(about, []).append(each.rule)
    for each in found.unapplied:
        about = f"app {each.app} of account {each.account} has no webhooks yet: run `relay webhooks apply`"
        groups.setdefault(about, []).append(each.rule)
    return tuple(f"{about} ({_listed(rules)})" for about, rules in groups.items())


def _listed(rules: Sequence[str]) -> str:
    return f"rule {rules[0]}" if len(rules) == 1 else f"rules {', '.join(rules)}"
