"""What reconciling needs of one account."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from service.budget.lanes import Limit
from service.pipeline.accounts.limits import limit_of
from service.pipeline.accounts.modified import ModifiedList
from service.rules.configuration import Configuration


@dataclass(frozen=True, slots=True)
class ReconciledAccount:
    """One account: what it asks, how often, and what that may cost."""

    modified: ModifiedList
    limit: Limit
    period: timedelta
    """How often each app is to be looked at, if the budget allows."""
    filters: bool = False
    """Whether the API may be asked to filter by `last_modified`, or must be."""
    sees_deleted: bool = False
    """Whether the token may read deleted records."""
    apps: tuple[str, ...] = ()
    """How rules name its apps: by id or by exact name."""


def reconciled_accounts(
    configuration: Configuration, modified: Mapping[str, ModifiedList]
) -> dict[str, ReconciledAccount]:
    """Take from a configuration what reconciling needs, for the accounts that can be asked what changed."""
    return {
        name: ReconciledAccount(
            modified[name],
            limit_of(account),
            account.reconcile,
            filters=account.modified_filter or not modified[name].is_sorted,
            sees_deleted=account.admin and modified[name].is_sorted,
            apps=tuple(dict.fromkeys(rule.app for rule in configuration.rules if rule.account == name)),
        )
        for name, account in configuration.accounts.items()
        if name in modified
    }
