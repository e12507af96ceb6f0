"""What should be there, as the configuration says: health compares the database with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from service.budget.lanes import Limit
from service.pipeline.accounts.limits import limit_of
from service.pipeline.accounts.providers import WITH_WEBHOOKS
from service.rules.configuration import Configuration


@dataclass(frozen=True, slots=True)
class Expected:
    """What the configuration asks for, as plain values (it is sent to child processes)."""

    limits: Mapping[str, Limit]
    """The budget of each account."""
    apps: Mapping[str, tuple[str, ...]]
    """By account, how its rules name their apps: by id or by exact name, each once."""
    handlers: frozenset[str]
    rates: Mapping[str, str] = field(default_factory=dict)
    """How many runs of a handler may begin in which time, as people write it; of those with a `rate`."""
    unregistered: frozenset[str] = frozenset()
    """Accounts whose provider has no API for webhooks: their apps may have none."""
    full_sweeps: Mapping[str, timedelta] = field(default_factory=dict)
    """By account, how often all records of its apps are read."""


def expected_of(configuration: Configuration) -> Expected:
    """Take from a configuration what health compares."""
    return Expected(
        limits={name: limit_of(account) for name, account in configuration.accounts.items()},
        apps={
            name: tuple(dict.fromkeys(rule.app for rule in configuration.rules if rule.account == name))
            for name in configuration.accounts
        },
        handlers=frozenset(configuration.handlers),
        rates={name: str(each.rate) for name, each in configuration.handlers.items() if each.rate},
        unregistered=frozenset(
            name for name, account in configuration.accounts.items() if account.provider not in WITH_WEBHOOKS
        ),
        full_sweeps={name: account.full_sweep for name, account in configuration.accounts.items()},
    )
