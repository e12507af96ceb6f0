"""How often each tick is due, by the settings and the configuration in use. Pure."""

from datetime import timedelta

from service.config import Settings
from service.rules.account import Account
from service.rules.configuration import Configuration
from service.ticks.repository import DueTick

RETENTION_EVERY = timedelta(hours=1)
LOOK_EVERY = timedelta(seconds=30)
"""How often a job is called that knows itself what is due; where nothing is, it ends at once."""


def tick_periods(settings: Settings, configuration: Configuration) -> dict[DueTick, timedelta]:
    """Give the period of every tick: those there is one of, and those of each account."""
    periods = {
        DueTick("sweep", ""): settings.sweep_every,
        DueTick("alarms", ""): settings.sweep_every,
        DueTick("retention", ""): RETENTION_EVERY,
        DueTick("apps", ""): settings.apps_every,
    }
    for name, account in configuration.accounts.items():
        periods |= {DueTick(job, name): every for job, every in _account_periods(settings, account)}
    return periods


def _account_periods(settings: Settings, account: Account) -> list[tuple[str, timedelta]]:
    """One line per job that is done for each account by itself."""
    return [
        ("reconcile", min(account.reconcile, LOOK_EVERY)),
        ("drift", settings.drift_every),
        ("full_sweep", min(LOOK_EVERY, account.full_sweep / 4)),
    ]
