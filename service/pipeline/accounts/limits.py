"""The budget of a configured account, for the ledger. Pure."""

from service.budget.lanes import Limit
from service.rules.account import Account


def limit_of(account: Account) -> Limit:
    """Take an account's limit from its configuration."""
    return Limit(account.budget.calls, account.budget.window, account.budget.reserve)
