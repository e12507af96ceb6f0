"""Reconciling at once, because a person wants it; paid by the same lane as otherwise."""

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from service.budget.lanes import Lane
from service.budget.ledger import Ledger
from service.errors import NotFoundError
from service.pipeline.accounts.limits import limit_of
from service.pipeline.accounts.listing import open_lists
from service.pipeline.accounts.tokens import TokenVault
from service.pipeline.reconciling.accounts import reconciled_accounts
from service.pipeline.reconciling.reconcile import Reconciled, Reconciler
from service.reconciles.listing import ReconcileView, list_reconciles
from service.rules.configuration import Configuration
from service.sealing import SecretBox
from service.transport.http import Transport


async def reconcile_by_hand(
    engine: AsyncEngine,
    configuration: Configuration,
    account: str,
    app: str | None,
    *,
    grace: timedelta,
    call_timeout: timedelta,
    box: SecretBox | None = None,
    transport: Transport | None = None,
) -> tuple[Reconciled, list[ReconcileView]]:
    """Make a round of the apps of an account that rules name, or of one; gives what became of them.

    `app`: its id or exact name; `grace` as for the job. Raises NotFoundError for an app that no rule names or
    that was never applied, RefusedError where somebody else is at it, ConfigurationError for what this
    version can't reach.
    """
    configured = configuration.accounts[account]
    meter = Ledger(engine, account, limit_of(configured), longest=call_timeout).meter(Lane.RECONCILE)
    vault = None if box is None else TokenVault(engine, box, insist=True)
    async with open_lists(
        account, configured, within=call_timeout, meter=meter, vault=vault, transport=transport
    ) as lists:
        accounts = reconciled_accounts(configuration, {account: lists.modified})
        reconciler = Reconciler(engine, accounts=accounts, grace=grace)
        found = await reconciler.reconcile_now(account, None if app is None else (app,))
    if app is not None and not found.ended and not found.failed:
        raise NotFoundError(
            f"account {account}: no rule names an app {app!r} that was applied;"
            " `relay webhooks apply` does that"
        )
    async with engine.connect() as connection:
        views = await list_reconciles(connection, account=account)
    return found, [each for each in views if each.app_id in found.ended or each.app_id in found.failed]
