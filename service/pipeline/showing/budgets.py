"""Budgets as people see them: in a sentence, and in figures."""

from dataclasses import dataclass

from service.budget.usage import Usage, read_usage
from service.errors import ConfigurationError
from service.pipeline.probes.budgets import describe
from service.pipeline.probes.expected import Expected
from service.pipeline.showing.reader import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetView:
    """One account's budget at this moment."""

    account: str
    message: str
    """What `relay doctor` says of it."""
    usage: Usage


async def list_budgets(connection: Connection, expected: Expected | None) -> list[BudgetView]:
    """List the budgets of the configured accounts, by account.

    Raises ConfigurationError where the configuration, which says how large they are, is not known.
    """
    if expected is None:
        raise ConfigurationError(
            "the configuration, which says how large the budgets are, is missing or wrong",
            remedy="`relay rules check` says what is wrong",
        )
    usages = [
        await read_usage(connection, account, limit) for account, limit in sorted(expected.limits.items())
    ]
    return [BudgetView(account=usage.account, message=describe(usage), usage=usage) for usage in usages]
