"""An Onspring account as one process uses it: its connections, its budget, its clients."""

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from service.budget.lanes import Lane
from service.budget.ledger import Ledger
from service.fusioo.chunking import BatchSizes
from service.fusioo.computed import computed_in_schema
from service.fusioo.link_targets import targets_in_schema
from service.fusioo.links import ids_in
from service.fusioo.models import App
from service.handlers.clients import GuardedMeter, GuardedNoting
from service.handlers.database import HandlerDatabase
from service.onspring.batching import MOST_PER_BATCH
from service.onspring.client import OnspringClient
from service.onspring.definitions import Definitions
from service.onspring.endpoints import GET_RECORD, GET_RECORDS
from service.onspring.errors import OnspringError
from service.onspring.ids import number_in
from service.onspring.keys import ApiKey
from service.onspring.modified import ModifiedRecords
from service.onspring.presenter import Presenter
from service.onspring.repeating import surely_wrote_nothing
from service.onspring.source import OnspringSource
from service.pipeline.accounts.clients import http_within, key_of
from service.pipeline.accounts.limits import limit_of
from service.pipeline.accounts.noting import OwnWrites, Writer
from service.pipeline.accounts.onspring_apps import described_apps
from service.pipeline.accounts.record_lists import OnspringLists
from service.pipeline.accounts.walked import WalkedAccount
from service.pipeline.linking.accounts import LinkedAccount
from service.pipeline.settling.looks import Endpoints, SettledAccount
from service.rules.account import Account
from service.transport.http import Transport
from service.transport.metering import FirstPaid, Meter
from service.transport.noting import Noting, Write, unnoted
from service.transport.retrying import NO_RETRIES
from service.walks.due import left_to_rounds

FIELDS_LAST = 60.0
"""Seconds until an app's fields are asked for again: so long a list's value may be shown by an old name."""


class OnspringAccount:
    """One account at Onspring: its connections are shared by all its clients, each client says who pays."""

    def __init__(
        self,
        name: str,
        account: Account,
        engine: AsyncEngine,
        *,
        timeout: timedelta,
        holder: UUID,
        transport: Transport | None = None,
    ) -> None:
        """`timeout` limits each call; `holder` is the process that makes them.

        Raises ConfigurationError for what is no key.
        """
        self.name, self.provider = name, account.provider
        self.ledger = Ledger(engine, name, limit_of(account), longest=timeout, holder=holder)
        self._own_writes = OwnWrites(
            engine, name, surely_wrote_nothing=surely_wrote_nothing, shown=self._as_shown
        )
        self._base_url, self._timeout = account.base_url, timeout
        self._key: ApiKey = key_of(name, account)
        self._http = http_within(timeout, transport=transport)
        self._link_age = account.link_age
        self.definitions = Definitions(good_for=FIELDS_LAST)
        self.presenter = Presenter(self.definitions, account.stamps.model_dump())

    def client(self, meter: Meter, *, noting: Noting = unnoted) -> OnspringClient:
        """Give a client whose calls `meter` counts, and whose writes `noting` surrounds.

        It shares the account's connections: don't close it.
        It repeats nothing by itself: what failed is settled or run again by who asked for it.
        """
        return OnspringClient(
            key=self._key,
            http=self._http,
            base_url=self._base_url,
            timeout=self._timeout.total_seconds(),
            meter=meter,
            retries=NO_RETRIES,
            noting=noting,
        )

    def client_for_handler(self, database: HandlerDatabase, writer: Writer) -> OnspringClient:
        """Give the client of one attempt of `writer`.

        Its calls are paid by the handlers' lane and refused while its `db` is open; its writes are noted.
        """
        meter = GuardedMeter(self.ledger.meter(Lane.HANDLERS), database)
        return self.client(meter, noting=GuardedNoting(self._own_writes.by(writer), database))

    def settled(self) -> SettledAccount:
        """Give what settling needs of the account."""
        return SettledAccount(
            self.provider,
            self.ledger,
            source=self._settling_source,
            endpoints=Endpoints(many=GET_RECORDS.label, one=GET_RECORD.label),
            computed_in=computed_in_schema,
            largest_batch=MOST_PER_BATCH,
        )

    def linked(self) -> LinkedAccount:
        """Give what fetching linked records needs of the account."""
        return LinkedAccount(
            self.ledger,
            source=lambda meter: OnspringSource(self.client(meter), self.presenter),
            targets_in=targets_in_schema,
            ids_in=ids_in,
            link_age=self._link_age,
            sizes=BatchSizes(largest=MOST_PER_BATCH),
        )

    def walked(self) -> WalkedAccount:
        """Give what full sweeps need of the account; a part of their lane they leave to the rounds."""
        limit = self.ledger.limit
        client = self.client(self.ledger.meter(Lane.RECONCILE, leave=left_to_rounds(limit)))
        return WalkedAccount(self.provider, limit, listed=OnspringLists(client, self.presenter).listed)

    def modified(self) -> ModifiedRecords:
        """Give what lists the records that were modified lately, paid by reconciling's lane."""
        return ModifiedRecords(self.client(self.ledger.meter(Lane.RECONCILE)), self.presenter)

    async def list_apps(self, meant: Collection[str]) -> tuple[App, ...]:
        """List all apps that the key sees, with the fields of those that are meant, or near to them.

        One call, and one for each of these, which reconciling's lane pays for.
        """
        client = self.client(self.ledger.meter(Lane.RECONCILE))
        return await described_apps(client, self.presenter, meant=meant)

    def _settling_source(self, meter: Meter) -> OnspringSource:
        # The call that was paid before is the first one: that for the app's fields, if these are asked for.
        both = FirstPaid(meter, then=self.ledger.meter(Lane.SETTLE))
        return OnspringSource(self.client(both), self.presenter)

    async def _as_shown(self, write: Write) -> Mapping[str, Any]:
        """Show what a handler writes as it will be read; untold GUIDs stay where the fields can't be had."""
        number = number_in(write.app_id or "")
        if number is None:
            return write.fields
        try:
            asking = self.client(self.ledger.meter(Lane.HANDLERS))
            return await self.presenter.as_shown(asking, number, write.fields)
        except OnspringError:  # the write itself will tell
            return write.fields

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()
