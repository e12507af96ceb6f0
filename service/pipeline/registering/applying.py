"""`webhooks apply` for the accounts of a configuration."""

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from service.budget.lanes import Lane
from service.budget.ledger import Ledger
from service.pipeline.accounts.clients import open_client
from service.pipeline.accounts.limits import limit_of
from service.pipeline.accounts.tokens import TokenVault
from service.pipeline.registering.register import Applied, apply_account
from service.registrations.resolving import AppReference
from service.rules.configuration import Configuration
from service.sealing import SecretBox
from service.transport.http import Transport


def app_references(configuration: Configuration, account: str) -> list[AppReference]:
    """How the account's rules name their apps, each once, with the place of the first."""
    found: dict[str, AppReference] = {}
    for index, rule in enumerate(configuration.rules):
        if rule.account == account:
            place = configuration.place("rules", index, "app")
            found.setdefault(rule.app, AppReference(rule.app, place))
    return list(found.values())


async def apply_configured(
    engine: AsyncEngine,
    configuration: Configuration,
    account: str,
    *,
    box: SecretBox,
    public_url: str,
    call_timeout: timedelta,
    transport: Transport | None = None,
) -> Applied:
    """Apply one account of the configuration. Its calls are counted, and may use the reserve.

    `call_timeout` limits each call. Raises what `apply_account` raises, ConfigurationError for what this
    version can't reach, KeyError for an account that the configuration does not have.
    """
    configured = configuration.accounts[account]
    meter = Ledger(engine, account, limit_of(configured), longest=call_timeout).meter(Lane.REGISTRATIONS)
    vault = TokenVault(engine, box, insist=True)
    async with open_client(
        account, configured, timeout=call_timeout, meter=meter, vault=vault, transport=transport
    ) as client:
        return await apply_account(
            engine,
            client,
            box,
            account=account,
            references=app_references(configuration, account),
            public_url=public_url,
            provider=configured.provider,
        )
