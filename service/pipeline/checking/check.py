"""check: the rules of a configuration against what is known of the apps that they name.

Reads the database alone: the provider is asked by `refresh`, and by `webhooks apply`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.errors import ConfigurationError
from service.pipeline.checking.mapping import known_apps
from service.pipeline.checking.writes import check_writes
from service.registrations.listings import read_applied, read_listings
from service.rules.app_checks import Checked, check_rules
from service.rules.configuration import Configuration
from service.rules.problems import Problem
from service.rules.template_fields import fields_not_there


@dataclass(frozen=True, slots=True)
class StoredCheck:
    """What a check found, as people read it."""

    problems: tuple[Problem, ...]
    """All that is wrong, by position."""
    broken: dict[str, tuple[Problem, ...]]
    """The same by rule."""
    hints: tuple[str, ...]
    """What could not be checked, and what to do about that."""
    as_of: datetime | None
    """When the provider last described the apps, of the account where that is longest ago. None: never."""


async def check_stored(
    connection: AsyncConnection,
    configuration: Configuration,
    *,
    reads: Mapping[str, Collection[str]] = MappingProxyType({}),
) -> StoredCheck:
    """Check all rules against the apps as they are stored.

    `reads`: by handler, the fields that its templates read, for hints about those that an app has not.
    """
    listings, applied = await read_listings(connection), await read_applied(connection)
    known = known_apps(listings, applied)
    found = check_rules(configuration.rules, known)
    found = replace(found, findings=(*found.findings, *check_writes(configuration, known)))
    hints = (*hints_of(found), *fields_not_there(configuration.rules, known, reads))
    broken = {
        rule: configuration.invalid(findings).problems for rule, findings in found.broken.items() if rule
    }
    everything = configuration.invalid(each.finding for each in found.findings).problems
    named = {rule.account for rule in configuration.rules}
    described = {each.account: each.refreshed_at for each in applied}
    described |= {account: listing.listed_at for account, listing in listings.items()}
    as_of = min((moment for account, moment in described.items() if account in named), default=None)
    return StoredCheck(everything, broken, hints, as_of)


async def refuse_misfits(engine: AsyncEngine, configuration: Configuration) -> None:
    """Refuse a configuration whose rules do not fit their apps as these are stored.

    Raises ConfigurationError with all that is wrong; what the database raises.
    """
    async with engine.connect() as connection:
        checked = await check_stored(connection, configuration)
    if checked.problems:
        known = f"the apps are known as of {checked.as_of:%Y-%m-%d %H:%M:%S} UTC" if checked.as_of else ""
        listed = "\n".join(map(str, checked.problems))
        raise ConfigurationError(listed, remedy=f"{known}; `relay webhooks apply` asks for them anew")


def hints_of(found: Checked) -> tuple[str, ...]:
    """Say which rules could not be checked, and of which apps no webhook tells yet. Pure."""
    groups: dict[str, list[str]] = {}
    for each in found.unchecked:
        why = "its fields are not known" if each.applied else "`relay webhooks apply` has not stored it yet"
        about = f"app {each.app} of account {each.account} was not checked: {why}"
        groups.setdefault(about, []).append(each.rule)
    for each in found.unapplied:
        about = f"app {each.app} of account {each.account} is not watched yet: run `relay webhooks apply`"
        groups.setdefault(about, []).append(each.rule)
    return tuple(f"{about} ({_listed(rules)})" for about, rules in groups.items())


def _listed(rules: Sequence[str]) -> str:
    return f"rule {rules[0]}" if len(rules) == 1 else f"rules {', '.join(rules)}"
