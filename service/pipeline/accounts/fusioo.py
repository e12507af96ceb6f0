"""A Fusioo account as one process uses it: its connections, its budget, its clients."""

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from service.budget.lanes import Lane
from service.budget.ledger import Ledger
from service.fusioo.auth import Auth
from service.fusioo.client import FusiooClient
from service.fusioo.computed import computed_in_schema
from service.fusioo.endpoints import GET_RECORD, LIST_RECORDS, RECORDS_BY_IDS
from service.fusioo.link_targets import targets_in_schema
from service.fusioo.links import ids_in
from service.fusioo.models import App
from service.fusioo.modified import ModifiedPages
from service.fusioo.repeating import surely_wrote_nothing
from service.fusioo.source import FusiooSource
from service.handlers.clients import GuardedAuth, GuardedMeter, GuardedNoting
from service.handlers.database import HandlerDatabase
from service.pipeline.accounts.clients import auth_of, http_within
from service.pipeline.accounts.limits import limit_of
from service.pipeline.accounts.noting import OwnWrites, Writer
from service.pipeline.accounts.tokens import TokenVault
from service.pipeline.accounts.walked import WalkedAccount
from service.pipeline.linking.accounts import LinkedAccount
from service.pipeline.settling.looks import Endpoints, SettledAccount
from service.rules.account import Account
from service.transport.http import Transport
from service.transport.metering import Meter
from service.transport.noting import Noting, unnoted
from service.transport.retrying import NO_RETRIES
from service.walks.due import left_to_rounds


class FusiooAccount:
    """One account at Fusioo: its connections are shared by all its clients, and each client says who pays."""

    def __init__(
        self,
        name: str,
        account: Account,
        engine: AsyncEngine,
        *,
        timeout: timedelta,
        holder: UUID,
        vault: TokenVault | None = None,
        transport: Transport | None = None,
    ) -> None:
        """`timeout` limits each call; `holder` is the process that makes them; `vault` keeps their tokens.

        Raises ConfigurationError for what this version can't reach.
        """
        self.name, self.provider = name, account.provider
        self.ledger = Ledger(engine, name, limit_of(account), longest=timeout, holder=holder)
        self._own_writes = OwnWrites(engine, name, surely_wrote_nothing=surely_wrote_nothing)
        self._base_url, self._timeout = account.base_url, timeout
        self._link_age = account.link_age
        self._http = http_within(timeout, transport=transport)
        self._auth = auth_of(name, account, http=self._http, timeout=timeout, vault=vault)

    def client(self, meter: Meter, auth: Auth | None = None, *, noting: Noting = unnoted) -> FusiooClient:
        """Give a client whose calls `meter` counts, and whose writes `noting` surrounds.

        It shares the account's connections: don't close it.
        It repeats nothing by itself: what failed is settled or run again by who asked for it.
        """
        return FusiooClient(
            auth=auth or self._auth,
            http=self._http,
            timeout=self._timeout.total_seconds(),
            base_url=self._base_url,
            meter=meter,
            retries=NO_RETRIES,
            noting=noting,
        )

    def settled(self) -> SettledAccount:
        """Give what settling needs of the account."""
        return SettledAccount(
            self.provider,
            self.ledger,
            source=lambda meter: FusiooSource(self.client(meter)),
            endpoints=Endpoints(many=RECORDS_BY_IDS.label, one=GET_RECORD.label, newest=LIST_RECORDS.label),
            computed_in=computed_in_schema,
        )

    def linked(self) -> LinkedAccount:
        """Give what fetching linked records needs of the account."""
        return LinkedAccount(
            self.ledger,
            source=lambda meter: FusiooSource(self.client(meter)),
            targets_in=targets_in_schema,
            ids_in=ids_in,
            link_age=self._link_age,
        )

    def client_for_handler(self, database: HandlerDatabase, writer: Writer) -> FusiooClient:
        """Give the client of one attempt of `writer`.

        Its calls are paid by the handlers' lane and refused while its `db` is open; its writes are noted.
        """
        meter = GuardedMeter(self.ledger.meter(Lane.HANDLERS), database)
        noting = GuardedNoting(self._own_writes.by(writer), database)
        return self.client(meter, GuardedAuth(self._auth, database), noting=noting)

    def walked(self) -> WalkedAccount:
        """Give what full sweeps need of the account; a part of their lane they leave to the rounds."""
        limit = self.ledger.limit
        meter = self.ledger.meter(Lane.RECONCILE, leave=left_to_rounds(limit))
        return WalkedAccount(self.provider, limit, listed=self.client(meter).records.listed)

    async def list_apps(self, _meant: Collection[str]) -> tuple[App, ...]:
        """List all apps that the token sees, with one call that reconciling's lane pays for."""
        return await self.client(self.ledger.meter(Lane.RECONCILE)).apps.list()

    def registering(self) -> FusiooClient:
        """Give a client for our webhooks at the provider."""
        return self.client(self.ledger.meter(Lane.REGISTRATIONS))

    def modified(self) -> ModifiedPages:
        """Give what lists the records that were modified last, paid by reconciling's lane."""
        return ModifiedPages(self.client(self.ledger.meter(Lane.RECONCILE)))

    async def close(self) -> None:
        """Close the connections, after the call for a token that is under way."""
        await self._auth.aclose()
        await self._http.aclose()
