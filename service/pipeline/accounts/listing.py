"""What a command that a person waits for lists of an account, whatever its provider."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from service.fusioo.modified import ModifiedPages
from service.onspring.client import OnspringClient
from service.onspring.definitions import Definitions
from service.onspring.modified import ModifiedRecords
from service.onspring.presenter import Presenter
from service.pipeline.accounts.clients import http_within, key_of, open_client
from service.pipeline.accounts.modified import ModifiedList
from service.pipeline.accounts.record_lists import FusiooLists, OnspringLists, RecordLists
from service.pipeline.accounts.tokens import TokenVault
from service.rules.account import Account
from service.transport.http import Transport
from service.transport.metering import Meter


@dataclass(frozen=True, slots=True)
class AccountLists:
    """The lists of one account."""

    records: RecordLists
    modified: ModifiedList


@asynccontextmanager
async def open_lists(
    name: str,
    account: Account,
    *,
    within: timedelta,
    meter: Meter,
    vault: TokenVault | None = None,
    transport: Transport | None = None,
) -> AsyncIterator[AccountLists]:
    """Open an account's lists for a command. `within` limits each call; else as in `open_client`."""
    if account.provider == "onspring":
        client = OnspringClient(
            key=key_of(name, account),
            http=http_within(within, transport=transport),
            base_url=account.base_url,
            timeout=within.total_seconds(),
            meter=meter,
        )
        presenter = Presenter(Definitions(), account.stamps.model_dump())
        async with client:
            yield AccountLists(OnspringLists(client, presenter), ModifiedRecords(client, presenter))
        return
    async with open_client(
        name, account, timeout=within, meter=meter, vault=vault, transport=transport
    ) as fusioo:
        yield AccountLists(FusiooLists(fusioo), ModifiedPages(fusioo))
