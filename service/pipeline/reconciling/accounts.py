"""What reconciling needs of one account."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from service.budget.lanes import Limit
from service.pipeline.accounts.limits import limit_of
from service.rules.configuration import Configuration


class ModifiedList(Protocol):
    """What a provider says was modified last. One call each, paid by reconciling's lane."""

    async def page(
        self, app_id: str, *, offset: int, after: str | None = None
    ) -> Sequence[Mapping[str, Any]]:
        """Up to 200 records from `offset` on; `after`: only later ones. Raises UnsortableError."""
        ...

    async def page_with_deleted(self, app_id: str) -> Sequence[Mapping[str, Any]]:
        """The first 200, deleted ones among them."""
        ...

    async def count(self, app_id: str) -> int:
        """How many records the app has."""
        ...


@dataclass(frozen=True, slots=True)
class ReconciledAccount:
    """One account: what it asks, how often, and what that may cost."""

    modified: ModifiedList
    limit: Limit
    period: timedelta
    """How often each app is to be looked at, if the budget allows."""
    filters: bool = False
    """Whether the API may be asked to filter by `last_modified`."""
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
            filters=account.modified_filter,
            sees_deleted=account.admin,
            apps=tuple(dict.fromkeys(rule.app for rule in configuration.rules if rule.account == name)),
        )
        for name, account in configuration.accounts.items()
        if name in modified and account.provider == "fusioo"
    }
